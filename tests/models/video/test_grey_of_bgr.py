"""Grey by way of BGR against OpenCV's own reader of clips, which goes the same way."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.video.decoding import Video
from tests import clips

Grey = NDArray[np.uint8]


def write_colourful(path: Path, *, pix_fmt: str = "yuv420p", rotation: int = 0, colorspace: int | None = None) -> Path:
    """Two frames of strong colours in every combination, some of which YUV holds and RGB does not."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(10), options={"qp": "4"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, pix_fmt
        if colorspace is not None:
            stream.codec_context.colorspace = colorspace
        if rotation:
            stream.set_display_rotation(rotation)
        y, x = np.mgrid[:64, :96]
        for step in (0, 3):
            colours = np.stack([(5 * x + step) % 256, (7 * y) % 256, 128 + 127 * np.sin((x + y) / 9)], axis=2)
            frame = av.VideoFrame.from_ndarray(colours.astype(np.uint8), format="rgb24")
            container.mux(stream.encode(frame.reformat(format=pix_fmt)))
        container.mux(stream.encode())
    return path


def read(path: Path, side: int | None = None) -> list[Grey]:
    with Video(path, working_side=side, through_bgr=True) as video:
        return list(video)


def read_by_opencv(path: Path) -> list[Grey]:
    capture = cv2.VideoCapture(str(path))
    frames = []
    while (read := capture.read())[0]:
        frames.append(cv2.cvtColor(read[1], cv2.COLOR_BGR2GRAY).astype(np.uint8))
    return frames


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p", "yuvj420p"])
@pytest.mark.parametrize("rotation", [0, 90])
def test_frames_are_those_of_opencv(tmp_path: Path, pix_fmt: str, rotation: int) -> None:
    path = write_colourful(tmp_path / "colourful.mp4", pix_fmt=pix_fmt, rotation=rotation)
    frames, wanted = read(path), read_by_opencv(path)
    assert len(frames) == len(wanted) == 2
    for frame, other in zip(frames, wanted, strict=True):
        assert frame.dtype == np.uint8
        assert frame.flags.c_contiguous
        np.testing.assert_array_equal(frame, other)


@pytest.mark.parametrize("colorspace", [1, 5])
def test_matrix_of_the_colour_space(tmp_path: Path, colorspace: int) -> None:
    path = write_colourful(tmp_path / "tagged.mp4", colorspace=colorspace)
    np.testing.assert_array_equal(read(path), read_by_opencv(path))


def test_it_differs_from_the_luma_where_there_is_colour(tmp_path: Path) -> None:
    path = write_colourful(tmp_path / "colourful.mp4")
    luma, _ = clips.take(path)
    assert 0.5 < clips.apart(read(path), luma) < 10


@pytest.mark.parametrize("full_range", [False, True])
def test_it_is_the_luma_where_there_is_none(tmp_path: Path, full_range: bool) -> None:
    path = clips.write(tmp_path / "grey.mkv", clips.drifting(3), codec="ffv1", full_range=full_range)
    luma, _ = clips.take(path)
    assert max(np.abs(a.astype(int) - b).max() for a, b in zip(read(path), luma, strict=True)) <= 1


def test_scaled_to_the_working_side(tmp_path: Path) -> None:
    path = write_colourful(tmp_path / "colourful.mp4", rotation=90)
    native, small = read(path), read(path, side=32)
    wanted = [cv2.resize(frame, (32, 48), interpolation=cv2.INTER_AREA).astype(np.uint8) for frame in native]
    assert clips.apart(small, wanted) < 0.6
