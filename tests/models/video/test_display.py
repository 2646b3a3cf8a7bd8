"""Frames as players show them, against the frames before they were squeezed or given a border."""

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from models.errors import ClipTooLarge
from models.video.colour import upright_rgb
from models.video.crop import Crop
from models.video.decoding import Video
from models.video.display import Display
from models.video.limits import VideoLimits
from models.video.opening import open_clip
from models.video.pictures import PictureSampler
from tests import clips
from tests.clips import Grey

SIZE = (256, 144)
SAMPLE_ENTRY = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1")
VIDEO = (b"\x16\x54\xae\x6b", b"\xae", b"\xe0")
"""Tracks, TrackEntry and Video; the segment of a live recording has no size."""


def squeezed(source: list[Grey], size: tuple[int, int]) -> Iterator[Grey]:
    return (cv2.resize(frame, size, interpolation=cv2.INTER_AREA).astype(np.uint8) for frame in source)


def smooth(count: int, size: tuple[int, int] = SIZE) -> list[Grey]:
    """Frames that can be squeezed without loss."""
    return [cv2.GaussianBlur(frame, (0, 0), 2.5).astype(np.uint8) for frame in clips.drifting(count, size)]


def ffmpeg_view(path: Path) -> tuple[tuple[int, int], Fraction, tuple[int, ...]]:
    """Size in the container, aspect of a pixel and crop, as FFmpeg reads them."""
    level = av.logging.get_level()
    av.logging.set_level(av.logging.INFO)
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            crop = re.search(r"Frame Cropping: (\d+)/(\d+)/(\d+)/(\d+)", container.dumps_format())  # type: ignore[attr-defined]
            size = stream.codec_context.width, stream.codec_context.height
            return size, stream.sample_aspect_ratio or Fraction(1), tuple(map(int, crop.groups() if crop else ()))
    finally:
        av.logging.set_level(level)


@pytest.mark.parametrize("suffix", ["mp4", "mov", "3gp", "mkv", "avi", "flv", "ts", "webm"])
@pytest.mark.parametrize(("stored", "aspect"), [((180, 144), Fraction(64, 45)), ((256, 72), Fraction(1, 2))])
def test_pixels_become_square(tmp_path: Path, suffix: str, stored: tuple[int, int], aspect: Fraction) -> None:
    source = smooth(3)
    muxing = {"live": "1", "fflags": "bitexact"} if suffix == "webm" else {}
    path = clips.write(tmp_path / f"squeezed.{suffix}", squeezed(source, stored), aspect=aspect, muxing=muxing)
    if suffix == "webm":  # PyAV does not write it
        display = b"\x54\xb0\x82" + SIZE[0].to_bytes(2, "big") + b"\x54\xba\x82" + SIZE[1].to_bytes(2, "big")
        path.write_bytes(clips.insert_element(path.read_bytes(), VIDEO, display))
    size, told, _ = ffmpeg_view(path)
    assert size == stored
    assert told == aspect
    sampler = PictureSampler(3, short_side=144, side=144)
    with Video(path, sampler=sampler) as video:
        frames = list(video)
    assert (video.info.width, video.info.height) == frames[0].shape[::-1] == SIZE
    assert clips.apart(frames, source) < 3
    for picture, frame in zip(sampler.pictures(), source, strict=True):
        assert np.abs(picture.astype(int) - frame[:, 56:200, None]).mean() < 3


@pytest.mark.parametrize("rotation", [90, 180])
def test_stretched_then_turned(tmp_path: Path, rotation: int) -> None:
    source = smooth(2)
    path = clips.write(
        tmp_path / "turned.mp4", squeezed(source, (180, 144)), aspect=Fraction(64, 45), rotation=rotation
    )
    frames, info = clips.take(path)
    assert clips.apart(frames, [np.rot90(frame, rotation // 90) for frame in source]) < 3
    assert (info.width, info.height) == frames[0].shape[::-1]


@pytest.mark.parametrize("pix_fmt", ["yuv444p10le", "yuva420p", "gray", "bgra", "gbrp10le", "yuv420p"])
@pytest.mark.parametrize("full_range", [False, True])
def test_levels_stay_what_they_are(tmp_path: Path, pix_fmt: str, full_range: bool) -> None:
    source = smooth(2)
    plain = clips.write(tmp_path / "plain.mp4", source, codec="ffv1", pix_fmt=pix_fmt, full_range=full_range)
    path = clips.write(
        tmp_path / "squeezed.mp4",
        squeezed(source, (180, 144)),
        codec="ffv1",
        pix_fmt=pix_fmt,
        full_range=full_range,
        aspect=Fraction(64, 45),
    )
    assert clips.apart(clips.take(path)[0], clips.take(plain)[0]) < 2


def test_every_pixel_format_is_stretched() -> None:
    black = av.VideoFrame.from_ndarray(np.full((32, 32), 130, np.uint8), format="gray")
    display = Display((32, 32), Crop(2, 3, 4, 5), Fraction(2))
    seen = 0
    for name in ("yuv420p", "yuv410p", "yuv440p12le", "yuva444p16be", "nv12", "nv21", "nv24", "gray", "gray12le",
                 "gray16be", "grayf32le", "rgb8", "rgb24", "bgr4_byte", "monow", "yuyv422", "x2rgb10le", "gbrpf32le",
                 "p010le", "xyz12le", "ya8"):  # fmt: skip
        shown = display(black.reformat(format=name))
        assert (shown.width, shown.height) == (54, 23)
        assert abs(upright_rgb(shown).astype(int).mean() - 130) < 130 / 3
        seen += 1
    assert seen == 21
    palette = av.VideoFrame(32, 32, "pal8")
    assert display(palette).width == 54


@pytest.mark.parametrize("aspect", [Fraction(640, 639), Fraction(9639, 9680), Fraction(1)])
def test_rounded_shapes_are_left_alone(tmp_path: Path, aspect: Fraction) -> None:
    source = list(clips.drifting(3, (320, 240)))
    plain, _ = clips.take(clips.write(tmp_path / "plain.mp4", source))
    frames, info = clips.take(clips.write(tmp_path / "nearly.mp4", source, aspect=aspect))
    assert clips.apart(frames, plain) == 0
    assert (info.width, info.height) == (320, 240)


def test_pixels_of_a_gif_are_square(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "wide.gif", clips.drifting(2, (64, 48)), pix_fmt="gray", full_range=True)
    data = bytearray(path.read_bytes())
    data[12] = 113  # (113 + 15) / 64
    path.write_bytes(data)
    assert ffmpeg_view(path)[1] == 2
    _, info = clips.take(path)
    assert (info.width, info.height) == (64, 48)


@pytest.mark.parametrize("aspect", [Fraction(20), Fraction(1, 20), Fraction(10**9), Fraction(1, 10**9)])
def test_shown_size_is_limited(tmp_path: Path, aspect: Fraction) -> None:
    path = clips.write(tmp_path / "long.mp4", clips.drifting(2, (320, 240)))
    data = path.read_bytes()
    box = b"\0\0\0\x10pasp" + aspect.numerator.to_bytes(4, "big") + aspect.denominator.to_bytes(4, "big")
    path.write_bytes(clips.insert_box(data, SAMPLE_ENTRY, box).replace(b"pasp\0\0\0\1\0\0\0\1", b"free" + bytes(8)))
    with pytest.raises(ClipTooLarge, match="at most 3840 x 2160"):
        Video(path)


def aperture(width: Fraction, height: Fraction, right: Fraction, down: Fraction) -> bytes:
    numbers = [part for value in (width, height, right, down) for part in (value.numerator, value.denominator)]
    return b"\0\0\0\x28clap" + b"".join(number.to_bytes(4, "big", signed=True) for number in numbers)


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """A clip of 256 x 144 px whose clean aperture leaves 160 x 100 px of it."""
    whole = clips.write(tmp_path / "whole.mp4", smooth(3)).read_bytes()
    path = tmp_path / "clean.mp4"
    box = aperture(Fraction(160), Fraction(100), Fraction(10), Fraction(-4))
    path.write_bytes(clips.insert_box(whole, SAMPLE_ENTRY, box))
    return path


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "fragments.mp4", "live.mkv"])
def test_declared_crop_is_cut_off(tmp_path: Path, clean: Path, suffix: str) -> None:
    muxing = {"fragments.mp4": {"movflags": "frag_keyframe+empty_moov"}, "live.mkv": {"live": "1"}}.get(suffix)
    path = clips.mux_tracks(tmp_path / f"muxed.{suffix}", clean, muxing=muxing)
    left, right, top, bottom = ffmpeg_view(path)[2]
    assert (left, right, top, bottom) == (58, 38, 18, 26)
    frames, info = clips.take(path)
    assert (info.width, info.height) == (160, 100)
    assert clips.apart(frames, [frame[18:118, 58:218] for frame in clips.take(tmp_path / "whole.mp4")[0]]) == 0


@pytest.mark.parametrize(
    ("width", "height", "right", "down"),
    [
        (Fraction(255), Fraction(143), Fraction(1, 2), Fraction(-1, 2)),
        (Fraction(321, 2), Fraction(301, 3), Fraction(5, 4), Fraction(-7, 3)),
        (Fraction(100), Fraction(143), Fraction(-78), Fraction(1, 2)),
    ],
)
def test_apertures_are_read_as_by_ffmpeg(
    tmp_path: Path, width: Fraction, height: Fraction, right: Fraction, down: Fraction
) -> None:
    path = clips.write(tmp_path / "clip.mp4", smooth(1))
    path.write_bytes(clips.insert_box(path.read_bytes(), SAMPLE_ENTRY, aperture(width, height, right, down)))
    cut = ffmpeg_view(path)[2]
    _, info = clips.take(path)
    # FFmpeg truncates halves of pixels.
    assert abs(info.width - (256 - cut[0] - cut[1])) <= 1
    assert abs(info.height - (144 - cut[2] - cut[3])) <= 1
    assert (info.width, info.height) == (round(width), round(height))


@pytest.mark.parametrize(
    "box",
    [
        aperture(Fraction(0), Fraction(100), Fraction(0), Fraction(0)),
        aperture(Fraction(-5), Fraction(100), Fraction(0), Fraction(0)),
        aperture(Fraction(100), Fraction(100), Fraction(500), Fraction(0)),
        aperture(Fraction(100), Fraction(100), Fraction(0), Fraction(-500)),
        aperture(Fraction(300), Fraction(100), Fraction(0), Fraction(0)),
        b"\0\0\0\x28clap" + bytes(32),
        b"\0\0\0\x0aclap\0\0",
    ],
)
def test_nonsense_crops_nothing(tmp_path: Path, box: bytes) -> None:
    path = clips.write(tmp_path / "clip.mp4", smooth(1))
    path.write_bytes(clips.insert_box(path.read_bytes(), SAMPLE_ENTRY, box))
    _, info = clips.take(path)
    assert (info.width, info.height) == (256, 144)


def test_cropped_then_stretched(tmp_path: Path, clean: Path) -> None:
    source = smooth(2)
    bordered = [np.pad(frame, ((6, 6), (10, 10)), mode="edge") for frame in squeezed(source, (180, 144))]
    path = clips.write(tmp_path / "both.mp4", bordered, aspect=Fraction(64, 45))
    box = aperture(Fraction(180), Fraction(144), Fraction(0), Fraction(0))
    path.write_bytes(clips.insert_box(path.read_bytes(), SAMPLE_ENTRY, box))
    for clip in (path, clips.mux_tracks(tmp_path / "both.mkv", path)):
        frames, info = clips.take(clip)
        assert (info.width, info.height) == SIZE
        assert clips.apart(frames, source) < 3


def test_crop_is_that_of_the_track(tmp_path: Path, clean: Path) -> None:
    small = clips.write(tmp_path / "small.mp4", clips.drifting(3, (64, 48)))
    for suffix in ("mp4", "mkv"):
        _, info = clips.take(clips.mux_tracks(tmp_path / f"last.{suffix}", small, clean))
        assert (info.width, info.height) == (160, 100)
        large = clips.write(tmp_path / "large.mp4", clips.drifting(3, (320, 240)))
        _, info = clips.take(clips.mux_tracks(tmp_path / f"first.{suffix}", clean, large))
        assert (info.width, info.height) == (320, 240)


def test_frames_of_another_size_are_not_cropped() -> None:
    display = Display((32, 32), Crop(2, 3, 4, 5), Fraction(1))
    frame = av.VideoFrame(64, 48, "yuv420p")
    assert display(frame) is frame


def test_most_frames_are_untouched(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "clip.mp4", clips.drifting(2, (64, 48)))
    container, stream = open_clip(path, VideoLimits())
    with container:
        frames = list(container.decode(stream))
        assert list(map(Display.of(path, stream), frames)) == frames
