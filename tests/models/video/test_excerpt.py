"""A part of a clip gives the frames that the whole clip shows in that part."""

import os
import shutil
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ClipTooLong, NoSuchPart
from models.video import packets
from models.video.decoding import Video
from models.video.excerpt import Excerpt
from models.video.info import VideoInfo
from models.video.limits import VideoLimits
from tests import clips

FFMPEG = shutil.which("ffmpeg")
PARTS = [(0.0, 0.5), (0.5, None), (0.4, 1.3), (1.01, 1.05), (0.7, 99.0), (1.9, None), (0.0, None)]
COUNT, FPS = 60, 30


def take(
    path: Path, start: float, end: float | None, limits: VideoLimits | None = None
) -> tuple[list[clips.Grey], VideoInfo]:
    with Video(path, limits, repeats=True, excerpt=Excerpt(start_s=start, end_s=end)) as video:
        frames = list(video)
        assert video.warnings == []
        return frames, video.info


@pytest.mark.parametrize("name", [name for name in clips.WAYS if "fragments" not in name])
def test_frames_are_those_of_the_whole_clip(tmp_path: Path, name: str) -> None:
    way = {**clips.WAYS[name]}
    if not way.keys() & {"options"}:
        codec = way.get("codec") or clips.CODECS[Path(name).suffix]
        way["options"] = {**clips._FAST.get(codec, {}), "g": "12"}
    path = clips.write(tmp_path / name, clips.drifting(COUNT, (64, 48)), **way)
    whole, about = take(path, 0, None)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stamps = [packet.dts if ".avi" in name else packet.pts for packet in container.demux(stream) if packet.size]
        times = np.sort(np.array(stamps, float)) * float(stream.time_base or 0)
    times -= times[0]
    for start, end in PARTS:
        inside = (times >= start - 1e-6) & (times < (end or 99) - 1e-6)
        frames, info = take(path, start, end)
        assert clips.apart(frames, [frame for frame, kept in zip(whole, inside, strict=True) if kept]) == 0, (
            start,
            end,
        )
        assert info.start_s == pytest.approx(times[inside][0])
        assert info.duration_s == pytest.approx(min(end or 99, about.duration_s) - info.start_s, abs=0.02)
        assert (info.width, info.height) == (about.width, about.height)


@pytest.mark.skipif(FFMPEG is None, reason="FFmpeg is not installed")
@pytest.mark.skipif("TAG2VEC_DATA" not in os.environ, reason="TAG2VEC_DATA is not set: no real clips")
@pytest.mark.slow
def test_ffmpeg_cuts_the_same_frames_out_of_real_clips(tmp_path: Path) -> None:
    data = Path(os.environ["TAG2VEC_DATA"])
    some = [*sorted((data / "bench").glob("*_320x240.mp4"))[:2], *sorted((data / "openworld").rglob("*.*"))[:40:8]]
    for path in some:
        _, about = take_anyhow(path, 0, None)
        for start, end in ((0.0, 1.0), (about.duration_s / 3, about.duration_s / 2), (about.duration_s / 2, 99.0)):
            cut = tmp_path / "cut.mkv"
            trim = f"settb=1/1000000,setpts=PTS-STARTPTS,trim=start={start}:end={end},setpts=PTS-STARTPTS"
            command = [str(FFMPEG), "-v", "error", "-y", "-noautorotate", "-i", str(path), "-an", "-vf", trim]
            subprocess.run([*command, "-fps_mode", "passthrough", "-c:v", "ffv1", str(cut)], check=True)
            wanted, _ = take_anyhow(cut, 0, None)
            frames, info = take_anyhow(path, start, end)
            assert clips.apart(frames, wanted) == 0, (path.name, start, end)
            assert info.start_s == pytest.approx(start, abs=0.05)


def take_anyhow(path: Path, start: float, end: float | None) -> tuple[list[clips.Grey], VideoInfo]:
    limits = VideoLimits(max_fps=1000)
    with Video(path, limits, working_side=64, repeats=True, excerpt=Excerpt(start_s=start, end_s=end)) as video:
        return list(video), video.info


def test_limits_apply_to_the_part(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "long.mp4", clips.drifting(100, (64, 48)), fps=10, options={"g": "10", "qp": "20"})
    limits = VideoLimits(max_duration_s=3, max_frames=40, max_pixels=40 * 64 * 48)
    with pytest.raises(ClipTooLong, match="choose a part"):
        take(path, 0, None, limits)
    frames, info = take(path, 6.05, 9.05, limits)
    assert len(frames) == 30
    assert [info.start_s, info.duration_s, info.fps] == pytest.approx([6.1, 2.95, 10])
    with pytest.raises(ClipTooLong, match=r"This part of the clip is 3\.5 s long; at most 3 s are accepted"):
        take(path, 6, 9.5, limits)
    with pytest.raises(ClipTooLong, match="This part of the clip has more than 40 frames"):
        take(path, 1, None, limits)


def test_not_everything_is_read_for_a_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = clips.write(tmp_path / "long.mp4", clips.drifting(100, (64, 48)), fps=10, options={"g": "10", "bf": "0"})
    assert len(take(path, 0, 0.2, VideoLimits(max_frames=40))[0]) == 2
    monkeypatch.setattr(packets, "_PARTS", 2)
    with pytest.raises(ClipTooLong, match="The clip has more than 80 frames"):
        take(path, 0, 0.2, VideoLimits(max_frames=40))


def test_what_is_decoded_before_a_part_counts(tmp_path: Path) -> None:
    path = clips.write(
        tmp_path / "one-key.mp4", clips.drifting(100, (64, 48)), fps=10, options={"g": "1000", "bf": "0"}
    )
    with pytest.raises(ClipTooLong, match="more than 40 frames"):
        take(path, 6, 7, VideoLimits(max_frames=40))


def test_damage_elsewhere_does_not_matter(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "whole.mkv", clips.drifting(60, (64, 48)), options={"g": "10", "bf": "0"})
    wanted, _ = take(path, 1, 1.5)

    def damage(whole: list[object]) -> list[object]:
        return [clips.damaged(packet) if number < 28 else packet for number, packet in enumerate(whole)]

    frames, _ = take(clips.remux(tmp_path / "damaged.mkv", path, damage), 1, 1.5)
    assert clips.apart(frames, wanted) == 0


def test_a_frame_that_is_shown_throughout(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "slides.mkv", clips.drifting(4, (64, 48)), times=[0, 2, 4, 6], fps=10)
    (frame,), info = take(path, 2.5, 3.5)
    assert [info.start_s, info.duration_s] == pytest.approx([2.5, 1.0])
    assert clips.apart([frame], take(path, 0, None)[0][1:2]) == 0


def test_nothing_is_left(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "clip.mp4")
    with pytest.raises(NoSuchPart, match=r"The clip is 1\.0 s long, so there is nothing at 1\.5 s"):
        take(path, 1.5, None)


@given(st.floats(), st.none() | st.floats())
def test_what_is_a_part(start: float, end: float | None) -> None:
    good = 0 <= start < np.inf and (end is None or start < end < np.inf)
    try:
        Excerpt(start_s=start, end_s=end)
    except ValueError:
        assert not good
    else:
        assert good
