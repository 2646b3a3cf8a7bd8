"""Key frames, decoded on their own: they show the size that a clip has for longest, and its shots.

Senders of live video change their size, and phones are turned.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from models.video.packets import VideoPacket

_SAMPLES: Final = 24
"""Key frames that are looked at; a clip may consist of nothing else."""
_SAMPLES_OF_LONG: Final = 60
"""The same of a long clip, whose shots they tell."""


def key_frames(packets: Sequence[VideoPacket], *, long: bool = False) -> list[VideoPacket]:
    """Return the key frames among packets that are shown, evenly spread if there are many."""
    keys = [packet for packet in packets if packet.is_keyframe]
    step = max(1, -(-len(keys) // (_SAMPLES_OF_LONG if long else _SAMPLES)))
    return keys[::step]


def decoded(decoder: VideoCodecContext, keys: Sequence[VideoPacket]) -> Iterator[tuple[VideoPacket, VideoFrame]]:
    """Yield key frames with their packets, without those that cannot be decoded.

    Parameters
    ----------
    decoder : VideoCodecContext
        One for this purpose only: what it learns of one part must not be applied to another.
    keys : sequence of VideoPacket
        In order.
    """
    for packet in keys:
        try:
            frames = [*decoder.decode(packet), *decoder.decode(None)]
        except av.error.FFmpegError:
            frames = []
        decoder.flush_buffers()
        for frame in frames[:1]:
            yield packet, frame


def longest(keys: Iterable[tuple[VideoPacket, VideoFrame]], end: int | None) -> VideoFrame | None:
    """Return a frame of the size that the clip has for longest; None if the size never changes.

    Parameters
    ----------
    keys : iterable of (VideoPacket, VideoFrame)
        Key frames, in order. One of each size is kept.
    end : int
        The clip's last time (`pts`).
    """
    shown: dict[tuple[int, int], int] = defaultdict(int)
    frames: dict[tuple[int, int], VideoFrame] = {}
    size, begin = (0, 0), 0
    for packet, frame in keys:
        stamp = (packet.pts if packet.pts is not None else packet.dts) or 0
        shown[size] += max(0, stamp - begin)
        size, begin = (frame.width, frame.height), stamp
        frames.setdefault(size, frame)
    shown[size] += max(0, (end or 0) - begin)
    return frames[max(frames, key=shown.__getitem__)] if len(frames) > 1 else None
