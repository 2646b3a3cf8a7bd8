"""Odd clips are read as FFmpeg decodes them: as many frames, of the same size, over as many seconds."""

import math
from itertools import pairwise
from pathlib import Path

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


def decode(path: Path, track: int) -> tuple[int, list[tuple[float | None, float, tuple[int, int]]]]:
    """How many packets are shown; and the time, s, duration, s, and size of the frames that FFmpeg decodes."""
    found = []
    count = 0
    with av.open(str(path)) as container:
        stream = container.streams[track]
        assert isinstance(stream, VideoStream)
        stream.codec_context.thread_count = 1
        base = float(stream.time_base or 0)
        for packet in container.demux(stream):
            count += packet.size > 0 and not packet.is_discard
            try:
                frames = stream.codec_context.decode(packet)
            except av.error.FFmpegError:
                continue
            for frame in frames:
                if not frame.is_corrupt:
                    time = None if frame.pts is None else frame.pts * base
                    found.append((time, (frame.duration or 0) * base, (frame.width, frame.height)))
    return count, found


@pytest.mark.slow
@settings(max_examples=500, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(clip=odd_clips())
def test_as_ffmpeg_decodes_it(workshop: Workshop, clip: OddClip) -> None:
    path, track = workshop.make(clip)
    packets, decoded = decode(path, track)
    try:
        with Video(path) as video:
            list(video)
    except (TruncatedClip, NoVideoStream):
        assert len(decoded) <= 2 / 3 * packets
        return
    info = video.info
    times = [time for time, _, _ in decoded if time is not None]
    assume(len(set(times)) > 1)
    first = min(times)
    used = len({math.floor((time - first) * 30 + 0.23) for time in times})
    # Of frames with the same time, one or all may be used; and what FFmpeg loses, it may not lose where frames that are
    # not needed are left out.
    lost = packets - len(decoded)
    assert used - 1 - lost <= info.frames_used <= used + 1 + lost + len(times) - len(set(times))
    seconds = max(time + duration for time, duration, _ in decoded if time is not None) - first
    # Some containers count in milliseconds, and do not say how long the last frame is shown: then FFmpeg guesses.
    gaps = [after - before for before, after in pairwise(sorted(times))]
    frame = max([1 / float(clip.fps), *gaps, *(duration for _, duration, _ in decoded)])
    assert info.duration_s == pytest.approx(seconds, abs=frame * (1 + lost) + 0.002)
    assert (info.width, info.height) in {size for _, _, size in decoded}
