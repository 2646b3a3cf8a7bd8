"""Clips encoded on the spot (and real ones, with TAG2VEC_DATA) through the decoder and its limits."""

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.errors import (
    ClipError,
    ClipTooLarge,
    ClipTooLong,
    NotAVideo,
    NoVideoStream,
    TruncatedClip,
    UnsupportedCodec,
    UnsupportedContainer,
)
from models.video import Video, VideoInfo, VideoLimits
from tests import clips

Grey = NDArray[np.uint8]

needs_data = pytest.mark.skipif("TAG2VEC_DATA" not in os.environ, reason="TAG2VEC_DATA is not set")

# name -> how to write it; every container, with codecs of all ages
WAYS: dict[str, dict[str, object]] = {
    "h264.mp4": {},
    "h264-sound.mp4": {"audio": True},
    "h264-faststart.mp4": {"muxing": {"movflags": "faststart"}},
    "h264-fragments.mp4": {
        "muxing": {"movflags": "frag_keyframe+empty_moov"},
        "options": {"g": "6", "preset": "ultrafast", "qp": "8"},
    },
    "mpeg4.mp4": {"codec": "mpeg4"},
    "h264.mov": {"audio": True},
    "prores.mov": {"codec": "prores_ks", "pix_fmt": "yuv422p10le"},
    "h264.mkv": {"audio": True},
    "vp9.webm": {"audio": True},
    "vp8.webm": {"codec": "libvpx"},
    "vp8-live.webm": {"codec": "libvpx", "muxing": {"live": "1"}},
    "mpeg4.avi": {},
    "h264.avi": {"codec": "libx264"},
    "mjpeg-sound.avi": {"codec": "mjpeg", "pix_fmt": "yuvj420p", "options": {"qmin": "1", "qmax": "2"}, "audio": True},
}


def write(folder: Path, name: str, **how: object) -> Path:
    return clips.write(folder / name, **{**WAYS.get(name, {}), **how})  # type: ignore[arg-type]


def take(path: Path, limits: VideoLimits | None = None, side: int | None = None) -> tuple[list[Grey], VideoInfo]:
    with Video(path, limits, working_side=side) as video:
        frames = list(video)
        for frame in frames:
            assert frame.shape == video.size[::-1]
            assert frame.dtype == np.uint8
            assert frame.flags.c_contiguous
        assert len(frames) == video.info.frames_used
        return frames, video.info


def apart(frames: list[Grey], wanted: list[Grey]) -> float:
    assert len(frames) == len(wanted)
    return max(float(np.abs(a.astype(int) - b).mean()) for a, b in zip(frames, wanted, strict=True))


@pytest.mark.parametrize("name", WAYS)
def test_every_container_gives_back_what_was_encoded(tmp_path: Path, name: str) -> None:
    source = list(clips.drifting(12))
    frames, info = take(write(tmp_path, name, frames=source))
    assert apart(frames, source) < 6
    assert (info.width, info.height, info.frames_used) == (160, 120, 12)
    # A muxer of avi may leave one place in time empty where sound and B frames meet.
    assert info.duration_s == pytest.approx(12 / 30, abs=1.1 / 30 if name.endswith("avi") else 0.002)
    assert info.fps == pytest.approx(12 / info.duration_s)


@pytest.mark.parametrize("size", [(160, 120), (161, 121), (34, 18)])
@pytest.mark.parametrize("full_range", [False, True])
def test_luma_is_exact_at_either_range(tmp_path: Path, size: tuple[int, int], full_range: bool) -> None:
    source = list(clips.drifting(3, size))
    path = clips.write(tmp_path / "lossless.mkv", source, codec="ffv1", full_range=full_range)
    frames, info = take(path)
    assert (info.width, info.height) == size
    for frame, wanted in zip(frames, source, strict=True):
        error = np.abs(frame.astype(int) - wanted)
        assert error.max() <= (0 if full_range else 1)


def test_all_levels_of_limited_range(tmp_path: Path) -> None:
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
    (grey,), _ = take(path)
    wanted = [min(255, max(0, round(Fraction(level - 16) * 255 / 219))) for level in range(256)]
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
    frames, _ = take(path)
    for frame, other in zip(frames, wanted, strict=True):
        # Ten bits are cut to eight here and rounded there.
        assert np.abs(frame.astype(int) - other).max() <= 2


def test_full_range_h264_is_not_expanded_twice(tmp_path: Path) -> None:
    source = list(clips.drifting(3))
    frames, _ = take(clips.write(tmp_path / "full.mp4", source, full_range=True))
    assert apart(frames, source) < 3


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "webm"])
@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_frames_are_upright(tmp_path: Path, suffix: str, rotation: int) -> None:
    source = list(clips.drifting(4, (64, 48)))
    path = clips.write(tmp_path / f"turned.{suffix}", source, rotation=rotation)
    frames, info = take(path)
    upright = [np.rot90(frame, rotation // 90) for frame in source]
    assert apart(frames, upright) < 8
    assert (info.height, info.width) == upright[0].shape
    small, info = take(path, side=24)
    assert (info.height, info.width) == upright[0].shape
    assert small[0].shape == (upright[0].shape[0] // 2, upright[0].shape[1] // 2)


@pytest.mark.parametrize("rotation", [0, 90])
def test_mirrored_frames_are_set_right(tmp_path: Path, rotation: int) -> None:
    source = list(clips.drifting(2, (64, 48)))
    plain, _ = take(clips.write(tmp_path / "plain.mp4", source, rotation=rotation))
    mirrored, _ = take(clips.write(tmp_path / "mirrored.mp4", source, rotation=rotation, mirrored=True))
    # The mirror stands before or behind the turn: of the two, only one picture is upright and swapped.
    swapped = [np.fliplr(frame) if rotation == 0 else np.flipud(frame) for frame in plain]
    assert min(apart(mirrored, swapped), apart(mirrored, [np.fliplr(frame) for frame in plain])) < 1
    assert apart(mirrored, plain) > 8


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
    native, _ = take(path)
    frames, info = take(path, side=side)
    assert frames[0].shape == wanted[::-1]
    assert (info.width, info.height) == size
    scaled = [cv2.resize(frame, wanted, interpolation=cv2.INTER_AREA).astype(np.uint8) for frame in native]
    assert apart(frames, scaled) < 0.6


def test_odd_sizes(tmp_path: Path) -> None:
    source = list(clips.drifting(3, (321, 241)))
    frames, info = take(clips.write(tmp_path / "odd.mp4", source, pix_fmt="yuv444p"))
    assert apart(frames, source) < 6
    assert (info.width, info.height) == (321, 241)


def test_frames_are_copies(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "clip.mp4", clips.drifting(8))
    whole, _ = take(path)
    with Video(path) as video:
        kept = []
        for frame in video:
            kept.append(frame.copy())
            frame[:] = 0
    assert apart(kept, whole) == 0


def test_info_waits_for_the_last_frame(tmp_path: Path) -> None:
    with Video(clips.write(tmp_path / "clip.mp4")) as video:
        assert video.size == (160, 120)
        next(iter(video))
        with pytest.raises(RuntimeError, match="all its frames"):
            _ = video.info


def test_variable_rate_survives(tmp_path: Path) -> None:
    times = [0, 0.1, 0.15, 0.4, 0.5, 0.9, 2.0]
    source = list(clips.drifting(7))
    frames, info = take(clips.write(tmp_path / "vfr.mp4", source, times=times))
    assert apart(frames, source) < 6
    assert 2.0 < info.duration_s < 4


@pytest.mark.parametrize(
    ("suffix", "fps", "count", "kept"),
    [
        ("mp4", 60, 40, range(0, 40, 2)),
        ("mkv", 60, 40, range(0, 40, 2)),
        ("mp4", 120, 40, range(0, 40, 4)),
        ("avi", 1000, 100, range(4)),
        ("mp4", 30, 20, range(20)),
        ("mkv", Fraction(30_000, 1001), 20, range(20)),
        ("webm", 30, 20, range(20)),
        ("mp4", 24, 20, range(20)),
    ],
)
def test_rate_is_resampled_to_thirty(tmp_path: Path, suffix: str, fps: int | Fraction, count: int, kept: range) -> None:
    source = list(clips.drifting(count, (64, 48)))
    frames, info = take(clips.write(tmp_path / f"fast.{suffix}", source, fps=fps))
    assert info.fps == pytest.approx(float(fps), rel=0.02)
    if fps == 1000:  # the ticks do not fall on frames: only the rate is given
        assert len(frames) == len(kept)
    else:
        assert apart(frames, [source[number] for number in kept]) < 8


def test_fifty_frames_a_second_become_thirty(tmp_path: Path) -> None:
    _, info = take(clips.write(tmp_path / "fifty.mp4", clips.drifting(100, (64, 48)), fps=50))
    assert info.frames_used == 60


def test_missing_timestamps_are_counted_up(tmp_path: Path) -> None:
    # H.264 in avi has no timestamps of its own.
    frames, info = take(clips.write(tmp_path / "bare.avi", clips.drifting(20, (64, 48)), codec="libx264", fps=25))
    assert len(frames) == 20
    assert info.duration_s == pytest.approx(20 / 25, abs=0.1)


LIMITS = VideoLimits(max_bytes=10**6, max_width=200, max_height=150, max_duration_s=1.0, max_frames=50)


def test_clip_within_limits(tmp_path: Path) -> None:
    _, info = take(clips.write(tmp_path / "clip.mp4"), LIMITS)
    assert info.frames_used == 30


def test_too_many_bytes(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "clip.mp4")
    with pytest.raises(ClipTooLarge, match=r"0\.1 MiB; at most 0\.0625 MiB"):
        take(path, replace(LIMITS, max_bytes=2**16))


@pytest.mark.parametrize(("size", "fits"), [((200, 150), True), ((150, 200), True), ((202, 80), False)])
def test_too_many_pixels_in_either_orientation(tmp_path: Path, size: tuple[int, int], fits: bool) -> None:
    path = clips.write(tmp_path / "clip.mp4", clips.drifting(3, size))
    if fits:
        take(path, LIMITS)
    else:
        with pytest.raises(ClipTooLarge, match="202 x 80 px; at most 200 x 150"):
            Video(path, LIMITS)


def test_the_largest_clip_fits_and_codecs_may_pad_it(tmp_path: Path) -> None:
    flat = np.full((2160, 3840), 128, np.uint8)
    _, info = take(clips.write(tmp_path / "4k.mp4", [flat]), side=240)
    assert (info.width, info.height) == (3840, 2160)


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "avi"])
def test_ten_thousand_pixels_squared(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(ClipTooLarge, match="at most 3840 x 2160"):
        Video(clips.write_huge(tmp_path / f"huge.{suffix}"))


def test_too_long_by_header(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "clip.mp4", clips.drifting(40, (64, 48)), fps=10)
    with pytest.raises(ClipTooLong, match=r"4\.0 s long; at most 1 s"):
        Video(path, LIMITS)


def test_too_long_by_timestamps(tmp_path: Path) -> None:
    # Written live, the container announces no duration.
    path = clips.write(
        tmp_path / "live.webm", clips.drifting(40, (64, 48)), fps=10, codec="libvpx", muxing={"live": "1"}
    )
    with Video(path, LIMITS) as video, pytest.raises(ClipTooLong, match="longer than the 1 s"):
        list(video)


def test_too_many_frames_by_header(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "clip.mp4", clips.drifting(55, (64, 48)), fps=60)
    with pytest.raises(ClipTooLong, match="55 frames; at most 50"):
        Video(path, LIMITS)


def test_too_many_frames_as_decoded(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "clip.mkv", clips.drifting(55, (64, 48)), fps=60)
    with Video(path, LIMITS) as video, pytest.raises(ClipTooLong, match="more than the 50 frames"):
        list(video)


def test_pictures_that_change_size_are_scaled_to_the_first(tmp_path: Path) -> None:
    jpegs = [clips.jpeg((160, 120))] * 3 + [clips.jpeg((80, 60))] * 3 + [clips.jpeg((320, 200))] * 3
    frames, info = take(clips.write_jpegs(tmp_path / "mixed.avi", jpegs, (160, 120)))
    assert len(frames) == 9
    assert (info.width, info.height) == (160, 120)


@pytest.mark.parametrize("size", [(240, 180), (1280, 960)])
def test_pictures_that_grow_beyond_the_limit(tmp_path: Path, size: tuple[int, int]) -> None:
    jpegs = [clips.jpeg((160, 120))] * 10 + [clips.jpeg(size)] * 3
    path = clips.write_jpegs(tmp_path / "grows.avi", jpegs, (160, 120))
    assert len(take(path)[0]) == 13
    with Video(path, LIMITS) as video, pytest.raises(ClipTooLarge, match="at most 200 x 150"):
        list(video)


@pytest.mark.parametrize("name", WAYS)
def test_cut_clips_are_never_answered(tmp_path: Path, name: str) -> None:
    whole = write(tmp_path, name, frames=clips.drifting(15, (64, 48)))
    for tenth in range(1, 10):
        cut = clips.cut(tmp_path / f"cut{whole.suffix}", whole, tenth / 10)
        with pytest.raises(TruncatedClip, match="cut short"):
            take(cut)
    for missing in (1, 2, 50):
        cut = clips.cut(tmp_path / f"cut{whole.suffix}", whole, 1 - missing / whole.stat().st_size)
        with pytest.raises(TruncatedClip):
            take(cut)


def test_data_overwritten_in_mid_stream_are_damage(tmp_path: Path) -> None:
    whole = clips.write(tmp_path / "clip.mp4", muxing={"movflags": "faststart"}).read_bytes()
    half = len(whole) // 2
    (tmp_path / "gap.mp4").write_bytes(whole[:half] + bytes(len(whole) - half))
    with pytest.raises(TruncatedClip, match=r"after \d+ frames"):
        take(tmp_path / "gap.mp4")


def test_rubbish_behind_a_whole_clip_does_no_harm(tmp_path: Path) -> None:
    for name in ("clip.mp4", "clip.avi"):
        path = clips.write(tmp_path / name)
        path.write_bytes(path.read_bytes() + b"\x12\x34\x56\x78rubbish" * 5)
        assert len(take(path)[0]) == 30


def test_sound_alone(tmp_path: Path) -> None:
    for suffix in ("mp4", "mov", "mkv", "webm", "avi"):
        with pytest.raises(NoVideoStream, match="sound alone"):
            Video(clips.write_audio(tmp_path / f"sound.{suffix}"))


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


@pytest.mark.parametrize("kind", ["hls", "ffconcat", "dash"])
@pytest.mark.parametrize("name", ["list.mp4", "list.m3u8", "list.avi"])
def test_playlists_are_not_followed(tmp_path: Path, kind: str, name: str) -> None:
    target = clips.write(tmp_path / "target.mp4")
    with pytest.raises(NotAVideo):
        Video(clips.write_playlist(tmp_path / name, target, kind=kind))


@pytest.mark.parametrize(
    ("head", "error"),
    [
        (b"", NotAVideo),
        (b"\0", NotAVideo),
        (b"hello, this is text", NotAVideo),
        (b"The free world, in plain text", NotAVideo),
        ("text in UTF-16".encode("utf-16"), NotAVideo),
        (b"%PDF-1.7", NotAVideo),
        (b"PK\x03\x04", NotAVideo),
        (b"<svg xmlns=", NotAVideo),
        (bytes(600), NotAVideo),
        (b"\x89PNG\r\n\x1a\n", UnsupportedContainer),
        (b"GIF89a", UnsupportedContainer),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", UnsupportedContainer),
        (b"RIFF\x24\0\0\0WAVEfmt ", UnsupportedContainer),
        (b"RIFF\x24\0\0\0WEBPVP8 ", UnsupportedContainer),
        (b"\0\0\0\x1cftypavif\0\0\0\0", UnsupportedContainer),
        (b"OggS\0\x02", UnsupportedContainer),
        (b"FLV\x01\x05", UnsupportedContainer),
        (b"ID3\x04\0", UnsupportedContainer),
        (b"\xff\xfb\x90\x64", UnsupportedContainer),
        (b"fLaC\0\0\0\x22", UnsupportedContainer),
        (b"\x1a\x45\xdf\xa3\x93\x42\x82\x84else" + bytes(80), UnsupportedContainer),
        (b"\x47" + bytes(187) + b"\x47" + bytes(187), UnsupportedContainer),
        (b"\0\0\0\x14ftypisom\0\0\0\0", TruncatedClip),
        (b"\x1a\x45\xdf\xa3", TruncatedClip),
        (b"RIFF\xff\xff\0\0AVI LIST", TruncatedClip),
    ],
)
def test_the_first_bytes_decide(tmp_path: Path, head: bytes, error: type[ClipError]) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(head)
    with pytest.raises(error, match=r"mp4, mov, webm, mkv or avi|cut short"):
        Video(path)


@pytest.mark.parametrize(("format_name", "suffix"), [("mpegts", "ts"), ("flv", "flv"), ("ogg", "ogg"), ("mp3", "mp3")])
def test_other_containers_in_disguise(tmp_path: Path, format_name: str, suffix: str) -> None:
    codec = {"ogg": "libopus", "mp3": "libmp3lame"}.get(format_name)
    disguised = tmp_path / "clip.mp4"
    with av.open(str(disguised), "w", format=format_name) as container:
        if codec:
            sound = container.add_stream(codec, rate=48_000)
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 48_000), np.int16), format="s16", layout="mono")
            silence.sample_rate = 48_000
            container.mux(sound.encode(silence))  # type: ignore[union-attr,arg-type]
            container.mux(sound.encode(None))  # type: ignore[union-attr]
        else:
            stream = container.add_stream("libx264", rate=30)
            stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
            for picture in clips.drifting(5):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="gray")))
            container.mux(stream.encode())
    with pytest.raises(UnsupportedContainer):
        Video(disguised)


@pytest.mark.parametrize("name", ["h264.mp4", "vp9.webm", "mpeg4.avi"])
def test_the_name_does_not_matter(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name).rename(tmp_path / "concat:what%03d.png")
    assert len(take(path)[0]) == 30


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[bytes]]:
    folder = tmp_path_factory.mktemp("small")
    names = ("h264.mp4", "h264-fragments.mp4", "h264.mkv", "vp8-live.webm", "mpeg4.avi")
    return folder, [write(folder, name, frames=clips.drifting(6, (64, 48))).read_bytes() for name in names]


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    which=st.integers(0, 4),
    edits=st.lists(st.tuples(st.floats(-1, 1), st.binary(min_size=1, max_size=4)), min_size=1, max_size=20),
)
def test_damage_is_survived_or_said(
    small: tuple[Path, list[bytes]], which: int, edits: list[tuple[float, bytes]]
) -> None:
    folder, wholes = small
    data = bytearray(wholes[which])
    for place, new in edits:
        # Cubed: the structure stands near the two ends.
        start = int(len(data) * (place**3 % 1.0)) % len(data)
        data[start : start + len(new)] = new
    path = folder / "damaged"
    path.write_bytes(data)
    try:
        frames, info = take(path)
    except ClipError:
        return
    assert frames
    assert info.duration_s > 0


def real_clips() -> list[Path]:
    data = Path(os.environ["TAG2VEC_DATA"]).resolve()
    found = sorted((data / "clips").glob("*/*.mp4"))
    return [*found[:: len(found) // 15], *sorted((data / "bench").glob("*320x240.mp4"))]


@needs_data
def test_real_clips_are_read_whole() -> None:
    for path in real_clips():
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            wanted, rate = stream.frames, float(stream.average_rate or 0)
        frames, info = take(path)
        assert info.fps == pytest.approx(rate, rel=0.02), path
        if rate <= 30:
            assert len(frames) == wanted, path


@needs_data
def test_real_clips_cut_short_are_never_answered(tmp_path: Path) -> None:
    for path in real_clips()[::3]:
        for tenth in range(1, 10):
            with pytest.raises(TruncatedClip):
                take(clips.cut(tmp_path / "cut.mp4", path, tenth / 10))


@needs_data
def test_an_old_avi() -> None:
    path = Path(os.environ["TAG2VEC_DATA"]).resolve() / "oracle" / "person01_boxing_d1_uncomp.avi"
    frames, info = take(path)
    with av.open(str(path)) as container:
        assert len(frames) == sum(1 for _ in container.decode(video=0))
    assert (info.width, info.height) == frames[0].shape[::-1]
