"""The decoder and its limits, on generated clips and, with TAG2VEC_DATA, on real ones."""

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.errors import (
    ClipError,
    ClipTooLarge,
    ClipTooLong,
    NoVideoStream,
    TruncatedClip,
    UnsupportedCodec,
)
from models.video.decoding import Video
from models.video.limits import VideoLimits
from tests import clips

Grey = NDArray[np.uint8]


needs_data = pytest.mark.skipif("TAG2VEC_DATA" not in os.environ, reason="TAG2VEC_DATA is not set")


@pytest.mark.parametrize("name", clips.WAYS)
def test_every_container_round_trips(tmp_path: Path, name: str) -> None:
    source = list(clips.drifting(12))
    frames, info = clips.take(clips.write_way(tmp_path, name, source))
    assert clips.apart(frames, source) < 6
    assert (info.width, info.height, info.frames_used) == (160, 120, 12)
    # The avi muxer may leave a gap of one frame if there are both audio and B-frames.
    assert info.duration_s == pytest.approx(12 / 30, abs=1.1 / 30 if name.endswith("avi") else 0.002)
    assert info.fps == pytest.approx(12 / info.duration_s)


def test_info_is_known_after_the_last_frame(tmp_path: Path) -> None:
    with Video(clips.write(tmp_path / "clip.mp4")) as video:
        assert video.size == (160, 120)
        next(iter(video))
        with pytest.raises(RuntimeError, match="all its frames"):
            _ = video.info


def test_variable_frame_rate(tmp_path: Path) -> None:
    times = [0, 0.1, 0.15, 0.4, 0.5, 0.9, 2.0]
    source = list(clips.drifting(7))
    frames, info = clips.take(clips.write(tmp_path / "vfr.mp4", source, times=times))
    assert clips.apart(frames, source) < 6
    assert 2.0 < info.duration_s < 4


@pytest.mark.parametrize(
    ("suffix", "fps", "count", "kept"),
    [
        ("mp4", 60, 40, range(0, 40, 2)),
        ("mkv", 60, 40, range(0, 40, 2)),
        ("mp4", 120, 40, range(0, 40, 4)),
        ("avi", 1000, 100, range(3)),
        ("mp4", 30, 20, range(20)),
        ("mkv", Fraction(30_000, 1001), 20, range(20)),
        ("webm", 30, 20, range(20)),
        ("mp4", 24, 20, range(20)),
    ],
)
def test_frame_rate_is_reduced_to_thirty(
    tmp_path: Path, suffix: str, fps: int | Fraction, count: int, kept: range
) -> None:
    source = list(clips.drifting(count, (64, 48)))
    frames, info = clips.take(clips.write(tmp_path / f"fast.{suffix}", source, fps=fps))
    assert info.fps == pytest.approx(float(fps), rel=0.02)
    if fps == 1000:  # frames do not fall on multiples of 1/30 s
        assert len(frames) == len(kept)
    else:
        assert clips.apart(frames, [source[number] for number in kept]) < 8


def test_fifty_frames_per_second_become_thirty(tmp_path: Path) -> None:
    _, info = clips.take(clips.write(tmp_path / "fifty.mp4", clips.drifting(100, (64, 48)), fps=50))
    assert info.frames_used == 60


@pytest.mark.parametrize("fps", [48, 50, 72, 90, 100, 120, 144, 240])
def test_the_same_frames_are_used_in_every_container(tmp_path: Path, fps: int) -> None:
    """Times are rounded in each container in another way."""
    whole = clips.write(tmp_path / "whole.mp4", clips.drifting(80, (64, 48)), fps=fps)
    wanted, _ = clips.take(whole)
    for name in ("clip.mkv", "clip.ts", "clip.flv", "clip.mov"):
        frames, _ = clips.take(clips.remux(tmp_path / name, whole, iter))
        assert clips.apart(frames, wanted) == 0, name


def test_edit_list_hides_frames(tmp_path: Path) -> None:
    # Lossless trimming keeps the packets from the last key frame on and hides those before the cut.
    source = list(clips.drifting(30, (64, 48)))
    whole = clips.write(tmp_path / "whole.mp4", source, options={"g": "30", "preset": "ultrafast", "qp": "8"})
    trimmed = tmp_path / "trimmed.mp4"
    with av.open(str(whole)) as read, av.open(str(trimmed), "w") as written:
        stream = read.streams.video[0]
        copy = written.add_stream_from_template(stream)
        for packet in read.demux(stream):
            if packet.pts is not None and packet.dts is not None:
                assert packet.time_base
                shift = int(20 / 30 / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, copy
                written.mux(packet)
    with av.open(str(trimmed)) as container:
        assert container.streams.video[0].frames == 30
    frames, info = clips.take(trimmed)
    assert clips.apart(frames, source[20:]) < 8
    assert info.duration_s == pytest.approx(10 / 30, abs=0.01)


def test_missing_timestamps_follow_the_frame_rate(tmp_path: Path) -> None:
    # H.264 in avi has no timestamps.
    frames, info = clips.take(clips.write(tmp_path / "bare.avi", clips.drifting(20, (64, 48)), codec="libx264", fps=25))
    assert len(frames) == 20
    assert info.duration_s == pytest.approx(20 / 25, abs=0.1)


LIMITS = VideoLimits(max_bytes=10**6, max_width=200, max_height=150, max_duration_s=1.0, max_frames=50)


def test_clip_within_limits(tmp_path: Path) -> None:
    _, info = clips.take(clips.write(tmp_path / "clip.mp4"), LIMITS)
    assert info.frames_used == 30


def test_too_many_bytes(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "clip.mp4")
    with pytest.raises(ClipTooLarge, match=r"0\.1 MiB; at most 0\.0625 MiB"):
        clips.take(path, replace(LIMITS, max_bytes=2**16))


@pytest.mark.parametrize(("size", "fits"), [((200, 150), True), ((150, 200), True), ((202, 80), False)])
def test_too_many_pixels_in_either_orientation(tmp_path: Path, size: tuple[int, int], fits: bool) -> None:
    path = clips.write(tmp_path / "clip.mp4", clips.drifting(3, size))
    if fits:
        clips.take(path, LIMITS)
    else:
        with pytest.raises(ClipTooLarge, match="202 x 80 px; at most 200 x 150"):
            Video(path, LIMITS)


def test_largest_frame_size_is_accepted(tmp_path: Path) -> None:
    flat = np.full((2160, 3840), 128, np.uint8)
    _, info = clips.take(clips.write(tmp_path / "4k.mp4", [flat]), side=240)
    assert (info.width, info.height) == (3840, 2160)


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "avi"])
def test_huge_frames_are_refused(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(ClipTooLarge, match="at most 3840 x 2160"):
        Video(clips.write_huge(tmp_path / f"huge.{suffix}"))


def test_too_long_by_header(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "clip.mp4", clips.drifting(40, (64, 48)), fps=10)
    with pytest.raises(ClipTooLong, match=r"4\.0 s long; at most 1 s"):
        Video(path, LIMITS)


def test_too_long_by_timestamps(tmp_path: Path) -> None:
    # A live recording has no duration in its header.
    path = clips.write(
        tmp_path / "live.webm", clips.drifting(40, (64, 48)), fps=10, codec="libvpx", muxing={"live": "1"}
    )
    with pytest.raises(ClipTooLong, match=r"4\.0 s long; at most 1 s"):
        Video(path, LIMITS)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_too_many_frames(tmp_path: Path, suffix: str) -> None:
    path = clips.write(tmp_path / f"clip.{suffix}", clips.drifting(55, (64, 48)), fps=60)
    with pytest.raises(ClipTooLong, match="more than 50 frames"):
        Video(path, LIMITS)


def test_slow_motion_is_within_the_limits(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "slow.mp4", clips.drifting(4000, (32, 32)), fps=240)
    frames, info = clips.take(path)
    assert info.fps == pytest.approx(240)
    assert info.duration_s == pytest.approx(4000 / 240)
    assert len(frames) == pytest.approx(500, abs=1)


@pytest.mark.parametrize("offset", ["3600", "-2"])
def test_the_clip_may_begin_at_any_time(tmp_path: Path, offset: str) -> None:
    path = clips.write(tmp_path / "clip.mkv", muxing={"output_ts_offset": offset})
    frames, info = clips.take(path)
    assert len(frames) == 30
    assert info.duration_s == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "webm"])
def test_sound_may_be_longer_than_the_picture(tmp_path: Path, suffix: str) -> None:
    path = clips.write(tmp_path / f"clip.{suffix}", clips.drifting(30, (64, 48)), sound_s=70)
    with av.open(str(path)) as container:
        assert container.duration == pytest.approx(70 * av.time_base, rel=0.01)
    _, info = clips.take(path)
    assert info.duration_s == pytest.approx(1, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(240, 180), (1280, 960)])
def test_frames_that_grow_beyond_the_limit(tmp_path: Path, size: tuple[int, int]) -> None:
    jpegs = [clips.jpeg((160, 120))] * 10 + [clips.jpeg(size)] * 3
    path = clips.write_jpegs(tmp_path / "grows.avi", jpegs, (160, 120))
    assert len(clips.take(path)[0]) == 13
    with Video(path, LIMITS) as video, pytest.raises(ClipTooLarge, match="at most 200 x 150"):
        list(video)


def test_overwritten_data_counts_as_damage(tmp_path: Path) -> None:
    whole = clips.write(tmp_path / "clip.mp4", muxing={"movflags": "faststart"}).read_bytes()
    half = len(whole) // 2
    (tmp_path / "gap.mp4").write_bytes(whole[:half] + bytes(len(whole) - half))
    with pytest.raises(TruncatedClip, match=r"is damaged: \d+ of \d+ frames"):
        clips.take(tmp_path / "gap.mp4")


def test_audio_only(tmp_path: Path) -> None:
    for suffix in ("mp4", "mov", "mkv", "webm", "avi"):
        with pytest.raises(NoVideoStream, match="audio only"):
            Video(clips.write_audio(tmp_path / f"sound.{suffix}"))


def test_cover_image_is_not_video(tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    with (
        av.open(str(clips.write_audio(tmp_path / "sound.mp4"))) as read,
        av.open(str(path), "w") as written,
    ):
        sound = written.add_stream_from_template(read.streams.audio[0])
        cover = written.add_stream("mjpeg")
        cover.width, cover.height, cover.pix_fmt = 160, 120, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        written.start_encoding()
        picture = av.Packet(clips.jpeg((160, 120)))
        picture.stream, picture.pts, picture.dts = cover, 0, 0
        written.mux(picture)
        for packet in read.demux(audio=0):
            if packet.size:
                packet.stream = sound
                written.mux(packet)
    with av.open(str(path)) as container:
        assert len(container.streams.video) == 1
    with pytest.raises(NoVideoStream):
        Video(path)


def test_no_frames(tmp_path: Path) -> None:
    for suffix in ("mp4", "mov"):
        with pytest.raises(NoVideoStream, match="no frame"):
            Video(clips.write_empty(tmp_path / f"none.{suffix}"))
    with pytest.raises((NoVideoStream, TruncatedClip)):
        Video(clips.write_empty(tmp_path / "none.mkv"))


def test_codec_without_decoder(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "clip.mp4")
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzz9").replace(b"avcC", b"zzzC"))
    with pytest.raises(UnsupportedCodec, match=r"H\.264"):
        Video(path)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[bytes]]:
    folder = tmp_path_factory.mktemp("small")
    names = ("h264.mp4", "h264-fragments.mp4", "h264.mkv", "vp8-live.webm", "mpeg4.avi")
    return folder, [clips.write_way(folder, name, clips.drifting(6, (64, 48))).read_bytes() for name in names]


@pytest.mark.slow
@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    which=st.integers(0, 4),
    edits=st.lists(st.tuples(st.floats(-1, 1), st.binary(min_size=1, max_size=4)), min_size=1, max_size=20),
)
def test_damaged_clip_gives_frames_or_a_clip_error(
    small: tuple[Path, list[bytes]], which: int, edits: list[tuple[float, bytes]]
) -> None:
    folder, wholes = small
    data = bytearray(wholes[which])
    for place, new in edits:
        # Cubed, so that most edits fall near the ends, where the structure of the file is.
        start = int(len(data) * (place**3 % 1.0)) % len(data)
        data[start : start + len(new)] = new
    path = folder / "damaged"
    path.write_bytes(data)
    try:
        frames, info = clips.take(path)
    except ClipError:
        return
    assert frames
    assert info.duration_s > 0


def real_clips() -> list[Path]:
    data = Path(os.environ["TAG2VEC_DATA"]).resolve()
    found = sorted((data / "clips").glob("*/*.mp4"))
    return [*found[:: max(1, len(found) // 15)], *sorted((data / "bench").glob("*320x240.mp4"))]


@needs_data
def test_real_clips_are_read_completely(monkeypatch: pytest.MonkeyPatch) -> None:
    # Some were made from clips with fewer frames a second.
    monkeypatch.setattr("models.video.decoding.without_repeats", iter)
    for path in real_clips():
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            wanted, rate = stream.frames, float(stream.average_rate or 0)
        frames, info = clips.take(path)
        assert info.fps == pytest.approx(rate, rel=0.02), path
        if rate <= 30:
            assert len(frames) == wanted, path


@needs_data
def test_truncated_real_clips_are_refused(tmp_path: Path) -> None:
    for path in real_clips()[::3]:
        for tenth in range(1, 10):
            with pytest.raises(TruncatedClip):
                clips.take(clips.cut(tmp_path / "cut.mp4", path, tenth / 10))


@needs_data
def test_uncompressed_avi() -> None:
    path = Path(os.environ["TAG2VEC_DATA"]).resolve() / "oracle" / "person01_boxing_d1_uncomp.avi"
    frames, info = clips.take(path)
    with av.open(str(path)) as container:
        assert len(frames) == sum(1 for _ in container.decode(video=0))
    assert (info.width, info.height) == frames[0].shape[::-1]
