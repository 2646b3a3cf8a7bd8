from pathlib import Path

import av
import numpy as np
import pytest

from models.errors import NotAVideo, TruncatedClip
from models.video.colour import upright_rgb
from models.video.limits import VideoLimits
from models.video.opening import open_clip
from tests.clips import drifting, take, write

Picture = np.ndarray


def pictures(path: Path, short_side: int | None = None) -> list[Picture]:
    container, stream = open_clip(path, VideoLimits())
    with container:
        return [upright_rgb(frame, short_side) for frame in container.decode(stream)]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_pictures_are_as_upright_as_luma(tmp_path: Path, rotation: int, mirrored: bool) -> None:
    path = write(tmp_path / "a.mp4", drifting(3, (96, 80)), rotation=rotation, mirrored=mirrored)
    found, wanted = pictures(path), take(path)[0]
    assert len(found) == len(wanted) == 3
    for picture, luma in zip(found, wanted, strict=True):
        assert picture.dtype == np.uint8
        assert picture.shape == (*luma.shape, 3)
        assert np.abs(picture.mean(axis=2) - luma).mean() < 4


def test_colours_are_in_the_order_of_rgb(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "red.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        red = np.zeros((32, 32, 3), np.uint8)
        red[..., 0] = 255
        container.mux(stream.encode(av.VideoFrame.from_ndarray(red, format="rgb24")))
        container.mux(stream.encode())
    (picture,) = pictures(tmp_path / "red.mp4")
    assert (picture[..., 0] > 220).all()
    assert (picture[..., 1:] < 30).all()


@pytest.mark.parametrize(("side", "shape"), [(40, (40, 48, 3)), (200, (80, 96, 3))])
def test_short_side_scales_down_only(tmp_path: Path, side: int, shape: tuple[int, ...]) -> None:
    assert pictures(write(tmp_path / "a.mp4", drifting(1, (96, 80))), side)[0].shape == shape


def test_an_open_clip_has_the_errors_of_a_video(tmp_path: Path) -> None:
    limits = VideoLimits()
    (tmp_path / "list.mp4").write_text("#EXTM3U\nother.mp4\n")
    with pytest.raises(NotAVideo):
        open_clip(tmp_path / "list.mp4", limits)
    clip = write(tmp_path / "a.mp4")
    (tmp_path / "cut.mp4").write_bytes(clip.read_bytes()[:300])
    with pytest.raises(TruncatedClip):
        open_clip(tmp_path / "cut.mp4", limits)


def test_frames_with_too_many_pixels_are_not_decoded(tmp_path: Path) -> None:
    clip = write(tmp_path / "large.mp4", drifting(1, (640, 480)))
    container, stream = open_clip(clip, VideoLimits(max_width=64, max_height=64))
    with container, pytest.raises(av.error.FFmpegError):
        list(container.decode(stream))
