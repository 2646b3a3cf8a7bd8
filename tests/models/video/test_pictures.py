"""Pictures of a clip against the frames that they were taken from."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.video.decoding import Video
from models.video.limits import VideoLimits
from models.video.packets import VideoPacket
from models.video.pictures import Picture, PictureSampler
from tests import clips

LEVELS = 256**3
BIG = (520, 516)
"""px of a frame that is converted as soon as it is kept."""


def plain(number: int, size: tuple[int, int] = (8, 6)) -> av.VideoFrame:
    """A frame of one colour that tells its number."""
    colour = np.frombuffer(number.to_bytes(3, "big"), np.uint8)
    return av.VideoFrame.from_ndarray(np.broadcast_to(colour, (*size[::-1], 3)).copy(), format="rgb24")


def number(picture: Picture) -> int:
    """The number of the frame that a picture was taken from."""
    assert (picture == picture[0, 0]).all()
    return int.from_bytes(picture[0, 0].tobytes(), "big")


def sampled(frames: int, count: int, size: tuple[int, int] = (8, 6)) -> list[int]:
    sampler = PictureSampler(count, short_side=8, side=6)
    for frame in range(frames):
        sampler.add(plain(frame, size))
    taken = [number(picture) for picture in sampler.pictures()]
    assert sampler.places() == taken
    return taken


@given(frames=st.integers(1, 700), count=st.integers(1, 20))
def test_pictures_are_spread_evenly(frames: int, count: int) -> None:
    taken = sampled(frames, count)
    assert len(taken) == min(frames, count)
    assert taken == sorted(set(taken))
    if frames <= count:
        assert taken == list(range(frames))
        return
    part = Fraction(frames, count)
    middles = [(place + Fraction(1, 2)) * part for place in range(count)]
    # The nearest of frames that are no further apart than a part of the clip is at most half of one away.
    assert all(abs(one - middle) <= part / 2 for one, middle in zip(taken, middles, strict=True))


@pytest.mark.parametrize("frames", [1, 5, 8, 9, 16, 17, 33, 100])
def test_big_frames_are_sampled_as_small_ones(frames: int) -> None:
    assert sampled(frames, 4, BIG) == sampled(frames, 4)


def test_few_frames_are_kept_of_an_endless_clip() -> None:
    sampler = PictureSampler(4, short_side=8, side=6)
    for frame in range(5000):
        sampler.add(plain(frame))
        assert len(vars(sampler)["_kept"]) <= 8


@given(
    width=st.integers(1, 90),
    height=st.integers(1, 90),
    side=st.integers(1, 40),
    more=st.integers(0, 12),
    pix_fmt=st.sampled_from(["yuv420p", "yuv444p", "rgb24", "gray", "yuv420p10le"]),
)
def test_any_size_gives_a_square(width: int, height: int, side: int, more: int, pix_fmt: str) -> None:
    grey = np.full((height, width), 100, np.uint8)
    frame = av.VideoFrame.from_ndarray(grey, format="gray").reformat(format=pix_fmt)
    sampler = PictureSampler(1, short_side=side + more, side=side)
    sampler.add(frame)
    (picture,) = sampler.pictures()
    assert picture.shape == (side, side, 3)
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous
    apart = np.abs(picture.astype(int) - 100)
    # Of more than eight bits, swscale may give single pixels of tiny pictures another value.
    assert (np.median(apart) if pix_fmt == "yuv420p10le" else apart.max()) <= 3


@pytest.mark.parametrize("size", [(3840, 2), (2, 2160), (1, 1)])
def test_a_thin_frame_takes_little_memory(size: tuple[int, int]) -> None:
    sampler = PictureSampler(1, short_side=256, side=224)
    before = _most_memory()
    sampler.add(plain(7, size))
    assert number(sampler.pictures()[0]) == 7
    assert _most_memory() - before < 64 * 2**10


def _most_memory() -> int:
    """Of this process so far, KiB."""
    resource = pytest.importorskip("resource")
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def coloured(size: tuple[int, int]) -> NDArray[np.uint8]:
    """A frame with another colour in each corner."""
    width, height = size
    y, x = np.mgrid[:height, :width]
    return np.stack([255 * x // width, 255 * y // height, np.full_like(x, 90)], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("size", [(320, 240), (241, 427), (100, 60)])
def test_the_centre_is_cut_from_the_scaled_frame(size: tuple[int, int]) -> None:
    frame = coloured(size)
    sampler = PictureSampler(1, short_side=64, side=56)
    sampler.add(av.VideoFrame.from_ndarray(frame, format="rgb24"))
    scale = 64 / min(size)
    width, height = (round(length * scale) for length in size)
    wanted = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
    top, left = (height - 56) // 2, (width - 56) // 2
    difference = sampler.pictures()[0].astype(int) - wanted[top : top + 56, left : left + 56]
    assert np.abs(difference).mean() < 3


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_pictures_are_upright(tmp_path: Path, rotation: int) -> None:
    source = list(clips.drifting(3, (160, 120)))
    sampler = PictureSampler(3, short_side=120, side=100)
    with Video(clips.write(tmp_path / "turned.mp4", source, rotation=rotation), sampler=sampler) as video:
        frames = list(video)
    for picture, frame in zip(sampler.pictures(), frames, strict=True):
        top, left = (length // 2 - 50 for length in frame.shape)
        cut = frame[top : top + 100, left : left + 100]
        assert np.abs(picture.astype(int) - cut[..., None]).mean() < 3


@pytest.mark.parametrize("full_range", [False, True])
def test_pictures_have_full_range(tmp_path: Path, full_range: bool) -> None:
    levels = np.repeat(np.array([[0, 255]], np.uint8), 32, axis=1).repeat(64, axis=0)
    sampler = PictureSampler(1, short_side=64, side=64)
    path = clips.write(tmp_path / "levels.mkv", [levels], codec="ffv1", full_range=full_range)
    with Video(path, sampler=sampler) as video:
        assert len(list(video)) == 1
    (picture,) = sampler.pictures()
    assert picture[:, :30].max() <= 1
    assert picture[:, 34:].min() >= 254


class Counting(PictureSampler):
    """Remembers the timestamps of the frames that it is given."""

    def __init__(self) -> None:
        super().__init__(8, short_side=64, side=56)
        self.given: list[int | None] = []

    def add(self, frame: av.VideoFrame) -> None:
        self.given.append(frame.pts)
        super().add(frame)


def test_each_frame_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sampler sees the frames that are used, in order, each once, and the luma is what it is without one.

    The decoder leaves out some of the others.
    """
    path = clips.write(tmp_path / "clip.mp4", clips.drifting(40), fps=60)
    with av.open(str(path)) as container:
        wanted = [frame.pts for frame in container.decode(video=0)][::2]
    alone, _ = clips.take(path)
    decoded: list[int | None] = []
    decode = Video._decode

    def counted(video: Video, packets: list[VideoPacket]) -> object:
        for frame in decode(video, packets):
            decoded.append(frame.pts)
            yield frame

    monkeypatch.setattr(Video, "_decode", counted)
    sampler = Counting()
    with Video(path, VideoLimits(), sampler=sampler) as video:
        frames = list(video)
        assert video.info.frames_used == len(sampler.given) == 20
    assert len(set(decoded)) == len(decoded) < 40
    assert sampler.given == wanted
    assert clips.apart(frames, alone) == 0


def test_pictures_outlive_the_video(tmp_path: Path) -> None:
    source = list(clips.drifting(30, (128, 96)))
    sampler = PictureSampler(8, short_side=96, side=96)
    with Video(clips.write(tmp_path / "clip.mkv", source, codec="ffv1"), sampler=sampler) as video:
        for frame in video:
            frame[:] = 0
    places = np.rint((np.arange(8) + 0.5) * 30 / 8 / 2).astype(int) * 2
    for picture, place in zip(sampler.pictures(), places, strict=True):
        assert np.abs(picture.astype(int) - source[place][:, 16:112, None]).mean() < 2


def test_frames_that_change_size_are_all_sampled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.video.decoding.without_repeats", iter)
    jpegs = [clips.jpeg((160, 120))] * 3 + [clips.jpeg((80, 60))] * 3 + [clips.jpeg((320, 200))] * 3
    sampler = PictureSampler(9, short_side=64, side=56)
    with Video(clips.write_jpegs(tmp_path / "mixed.avi", jpegs, (160, 120)), sampler=sampler) as video:
        assert len(list(video)) == len(sampler.pictures()) == 9
