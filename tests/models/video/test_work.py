"""The work that a clip may make, and who does it."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from models.errors import ClipTooLong
from models.video.decoding import Video
from models.video.limits import VideoLimits
from tests import clips

SIZE = (64, 48)
PIXELS = 20 * 64 * 48


@pytest.mark.parametrize(
    ("name", "way", "weight"),
    [
        ("h264.mp4", {}, 1),
        ("deep.mkv", {"pix_fmt": "yuv420p10le"}, 1.5),
        ("hevc.mp4", {"codec": "libx265", "options": {"x265-params": "log-level=0"}}, 1.5),
        (
            "deep-hevc.mp4",
            {"codec": "libx265", "options": {"x265-params": "log-level=0"}, "pix_fmt": "yuv420p10le"},
            2.25,
        ),
    ],
)
def test_pixels_are_limited_by_codec(tmp_path: Path, name: str, way: dict[str, Any], weight: float) -> None:
    path = clips.write(tmp_path / name, clips.drifting(20, SIZE), **way)
    assert len(clips.take(path, VideoLimits(max_pixels=int(PIXELS * weight)))[0]) == 20
    with pytest.raises(ClipTooLong, match="gigapixels in all"):
        Video(path, VideoLimits(max_pixels=int(PIXELS * weight) - 1))


def test_pixels_that_no_header_tells(tmp_path: Path) -> None:
    jpegs = [clips.jpeg((32, 24))] * 2 + [clips.jpeg(SIZE)] * 18
    path = clips.write_jpegs(tmp_path / "grows.avi", jpegs, (32, 24))
    with Video(path, VideoLimits(max_pixels=PIXELS // 2)) as video, pytest.raises(ClipTooLong, match="gigapixels"):
        list(video)


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("libx264", {"preset": "ultrafast", "bf": "2"}),
        ("libx265", {"preset": "ultrafast", "x265-params": "log-level=0"}),
    ],
)
def test_threads_change_no_bit(tmp_path: Path, codec: str, options: dict[str, str]) -> None:
    path = clips.write(tmp_path / "large.mp4", clips.drifting(8, (1312, 736)), codec=codec, options=options, fps=60)
    found = []
    for threads in (1, 3):
        with Video(path, working_side=240, threads=threads) as video:
            found.append([*video])
            assert video.info.fps == pytest.approx(60)
    for one, three in zip(*found, strict=True):
        np.testing.assert_array_equal(one, three)


def test_frames_used_are_the_same_with_and_without_others(tmp_path: Path) -> None:
    """The decoder leaves out frames that nothing is predicted from; those that are used do not change."""
    path = clips.write(
        tmp_path / "fast.mp4",
        clips.drifting(64, SIZE),
        fps=120,
        options={"preset": "veryfast", "bf": "3", "b-adapt": "0", "b-pyramid": "normal"},
    )
    with av.open(str(path)) as container:
        wanted = [
            frame.reformat(format="gray", dst_color_range="JPEG").to_ndarray()
            for frame in list(container.decode(video=0))[::4]
        ]
    frames, info = clips.take(path)
    assert info.fps == pytest.approx(120)
    for frame, other in zip(frames, wanted, strict=True):
        assert np.abs(frame.astype(int) - other).max() <= 2
