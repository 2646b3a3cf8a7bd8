"""The size that a clip has for longest: senders of live video change theirs, and phones are turned."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from models.video.packets import VideoPacket

_SAMPLES: Final = 24
"""Key frames that are looked at; a clip may consist of nothing else."""


def key_frames(packets: Sequence[VideoPacket]) -> list[VideoPacket]:
    """Return the packets, of all that are shown, at which the size may change: at most `_SAMPLES`, evenly spread."""
    keys = [packet for packet in packets if packet.is_keyframe]
    step = max(1, -(-len(keys) // _SAMPLES))
    return keys[::step]


def longest(decoder: VideoCodecContext, keys: Sequence[VideoPacket], end: int | None) -> VideoFrame | None:
    """Return a frame of the size that the clip has for longest; None if the size never changes.

    Parameters
    ----------
    decoder : VideoCodecContext
        One for this purpose only: what it learns of one part must not be applied to another.
    keys : sequence of VideoPacket
        In order.
    end : int
        The clip's last time (`pts`).
    """
    shown: dict[tuple[int, int], int] = defaultdict(int)
    frames: dict[tuple[int, int], VideoFrame] = {}
    stamps = [packet.pts if packet.pts is not None else packet.dts for packet in keys]
    for packet, begin, until in zip(keys, stamps, [*stamps[1:], end], strict=True):
        try:
            decoded = [*decoder.decode(packet), *decoder.decode(None)]
        except av.error.FFmpegError:
            decoded = []
        decoder.flush_buffers()
        for frame in decoded[:1]:
            size = frame.width, frame.height
            shown[size] += max(0, (until or 0) - (begin or 0))
            frames.setdefault(size, frame)
    return frames[max(shown, key=shown.__getitem__)] if len(frames) > 1 else None
