"""Greyscale frames against the frames that were encoded, and against swscale."""

import math
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


@pytest.mark.parametrize("size", [(160, 120), (161, 121), (34, 18)])
@pytest.mark.parametrize("full_range", [False, True])
def test_luma_is_exact_in_either_range(tmp_path: Path, size: tuple[int, int], full_range: bool) -> None:
    source = list(clips.drifting(3, size))
    path = clips.write(tmp_path / "lossless.mkv", source, codec="ffv1", full_range=full_range)
    frames, info = clips.take(path)
    assert (info.width, info.height) == size
    for frame, wanted in zip(frames, source, strict=True):
        error = np.abs(frame.astype(int) - wanted)
        assert error.max() <= (0 if full_range else 1)


def test_every_level_of_limited_range(tmp_path: Path) -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    frame = av.VideoFrame(16, 16, "yuv420p")
    plane = np.frombuffer(memoryview(frame.planes[0]), np.uint8).reshape(16, -1)
    plane[:, :16] = levels
    frame.pts = 0
    path = tmp_path / "levels.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("rawvideo", rate=30)
        stream.width = stream.height = 16
        stream.pix_fmt = "yuv420p"
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    (grey,), _ = clips.take(path)
    wanted = [min(255, max(0, math.floor(Fraction(level - 16) * 255 / 219))) for level in range(256)]
    assert grey.ravel().tolist() == wanted


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "suffix"),
    [
        ("libx264", "yuv420p10le", "mp4"),
        ("libx264", "yuv422p", "mkv"),
        ("libx264", "nv12", "mp4"),
        ("ffv1", "yuva420p", "mkv"),
        ("ffv1", "yuv444p16le", "mkv"),
        ("ffv1", "gray", "mkv"),
        ("ffv1", "gray10le", "mkv"),
        ("ffv1", "bgra", "mkv"),
        ("libx264rgb", "bgr24", "mkv"),
        ("rawvideo", "yuyv422", "mov"),
        ("rawvideo", "bgr24", "avi"),
        ("qtrle", "rgb24", "mov"),
        ("prores_ks", "yuv422p10le", "mov"),
    ],
)
def test_pixel_formats_agree_with_swscale(tmp_path: Path, codec: str, pix_fmt: str, suffix: str) -> None:
    path = clips.write(tmp_path / f"clip.{suffix}", clips.drifting(3), codec=codec, pix_fmt=pix_fmt)
    with av.open(str(path)) as container:
        wanted = [
            frame.reformat(format="gray", dst_color_range="JPEG").to_ndarray() for frame in container.decode(video=0)
        ]
    frames, _ = clips.take(path)
    for frame, other in zip(frames, wanted, strict=True):
        # Ten bits are truncated to eight here, but rounded by swscale.
        assert np.abs(frame.astype(int) - other).max() <= 2


def test_full_range_is_not_expanded(tmp_path: Path) -> None:
    source = list(clips.drifting(3))
    frames, _ = clips.take(clips.write(tmp_path / "full.mp4", source, full_range=True))
    assert clips.apart(frames, source) < 3


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "webm"])
@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_frames_are_upright(tmp_path: Path, suffix: str, rotation: int) -> None:
    source = list(clips.drifting(4, (64, 48)))
    path = clips.write(tmp_path / f"turned.{suffix}", source, rotation=rotation)
    frames, info = clips.take(path)
    upright = [np.rot90(frame, rotation // 90) for frame in source]
    assert clips.apart(frames, upright) < 8
    assert (info.height, info.width) == upright[0].shape
    small, info = clips.take(path, side=24)
    assert (info.height, info.width) == upright[0].shape
    assert small[0].shape == (upright[0].shape[0] // 2, upright[0].shape[1] // 2)


@pytest.mark.parametrize("rotation", [0, 90])
def test_mirrored_display_matrix(tmp_path: Path, rotation: int) -> None:
    source = list(clips.drifting(2, (64, 48)))
    plain, _ = clips.take(clips.write(tmp_path / "plain.mp4", source, rotation=rotation))
    mirrored, _ = clips.take(clips.write(tmp_path / "mirrored.mp4", source, rotation=rotation, mirrored=True))
    assert clips.apart(mirrored, [np.fliplr(frame) for frame in plain]) < 1
    assert clips.apart(mirrored, plain) > 8


@pytest.mark.parametrize(
    ("size", "side", "wanted"),
    [
        ((320, 240), 120, (160, 120)),
        ((240, 320), 120, (120, 160)),
        ((160, 120), 240, (160, 120)),
        ((322, 242), 100, (133, 100)),
        ((400, 20), 10, (200, 10)),
    ],
)
def test_working_side_scales_down_only(
    tmp_path: Path, size: tuple[int, int], side: int, wanted: tuple[int, int]
) -> None:
    path = clips.write(tmp_path / "clip.mp4", clips.drifting(2, size))
    native, _ = clips.take(path)
    frames, info = clips.take(path, side=side)
    assert frames[0].shape == wanted[::-1]
    assert (info.width, info.height) == size
    scaled = [cv2.resize(frame, wanted, interpolation=cv2.INTER_AREA).astype(np.uint8) for frame in native]
    assert clips.apart(frames, scaled) < 0.6


def test_odd_sizes(tmp_path: Path) -> None:
    source = list(clips.drifting(3, (321, 241)))
    frames, info = clips.take(clips.write(tmp_path / "odd.mp4", source, pix_fmt="yuv444p"))
    assert clips.apart(frames, source) < 6
    assert (info.width, info.height) == (321, 241)


def test_frames_are_copies(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "clip.mp4", clips.drifting(8))
    whole, _ = clips.take(path)
    with Video(path) as video:
        kept = []
        for frame in video:
            kept.append(frame.copy())
            frame[:] = 0
    assert clips.apart(kept, whole) == 0
