"""Odd clips are read as FFmpeg decodes them: as many frames, of the same size, over as many seconds."""

import math
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import av
import pytest
from av.video.stream import VideoStream
from hypothesis import HealthCheck, assume, given, settings

from models.errors import NoVideoStream, TruncatedClip
from models.video.decoding import Video
from tests.odd_clips import OddClip, Workshop, odd_clips


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("odd"))


class Frame(NamedTuple):
    """When a frame is shown and for how long, s; and its width and height, px."""

    time: float
    duration: float
    size: tuple[int, int]


class Decoded(NamedTuple):
    """What FFmpeg makes of a clip: packets that are shown, whole frames, frames a second; and if it decodes the end."""

    packets: int
    frames: list[Frame]
    rate: float
    ends: bool


def decode(path: Path, track: int) -> Decoded:
    packets, frames, ends = 0, [], True
    with av.open(str(path)) as container:
        stream = container.streams[track]
        assert isinstance(stream, VideoStream)
        stream.codec_context.thread_count = 1
        base = float(stream.time_base or 0)
        for packet in container.demux(stream):
            packets += packet.size > 0 and not packet.is_discard
            try:
                decoded = stream.codec_context.decode(packet)
            except av.error.FFmpegError:
                ends = False
                continue
            ends |= packet.size > 0
            for frame in decoded:
                ends &= not frame.is_corrupt
                if not frame.is_corrupt and frame.pts is not None:
                    frames.append(Frame(frame.pts * base, (frame.duration or 0) * base, (frame.width, frame.height)))
        return Decoded(packets, frames, float(stream.average_rate or stream.guessed_rate or 25), ends)


@pytest.mark.slow
@settings(max_examples=500, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(clip=odd_clips())
def test_as_ffmpeg_decodes_it(workshop: Workshop, clip: OddClip) -> None:
    path, track = workshop.make(clip)
    wanted = decode(path, track)
    lost = wanted.packets - len(wanted.frames)
    try:
        with Video(path) as video:
            list(video)
    except (TruncatedClip, NoVideoStream):
        assert lost >= wanted.packets / 3 or not wanted.ends
        return
    info = video.info
    times = sorted(frame.time for frame in wanted.frames)
    different = len(set(times))
    assume(different > 1)
    used = len({math.floor((time - times[0]) * 30 + 0.23) for time in times})
    # Of frames with the same time, one or all may be used; and what FFmpeg loses, it may not lose where frames that are
    # not needed are left out.
    assert used - 1 - lost <= info.frames_used <= used + 1 + lost + len(times) - different
    # Some containers count in milliseconds, and do not say how long the last frame is shown: then FFmpeg guesses.
    seconds = max(frame.time + frame.duration for frame in wanted.frames) - times[0]
    gaps = [after - before for before, after in pairwise(times)]
    longest = max(1 / float(clip.fps), 1 / wanted.rate, *gaps, *(frame.duration for frame in wanted.frames))
    assert info.duration_s == pytest.approx(seconds, abs=longest * (1 + lost) + 0.002)
    assert (info.width, info.height) in {frame.size for frame in wanted.frames}
