"""Stray times: those of single damaged packets, far away from the times of all packets around them."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Final, TypeAlias

from av.packet import Packet
from av.video.stream import VideoStream

if TYPE_CHECKING:
    VideoPacket: TypeAlias = Packet[VideoStream]

_DEEPEST: Final = 16
"""Frames by which the order of decoding and that of showing differ at most."""
_NEAR: Final = 2 * _DEEPEST
"""Packets on either side among whose times one is looked for."""
_DENSE_LEAP_S: Final = _DEEPEST * 0.7
"""In transport streams, where a time comes every 0.7 s at least (ISO/IEC 13818-1, section 2.7.4)."""
_LEAP_S: Final = 30.0
"""In others, which may hold slides that are shown for seconds."""


def mended(packets: "Iterable[VideoPacket]", stream: VideoStream) -> "Iterator[VideoPacket]":
    """Yield the packets of a stream in their order, the strays among them with the time that is missing around them.

    A packet is stray if its time is farther than frames are ever exchanged from those before and after it, which are
    near each other. The first and the last packet, which may truly be far away (a picture, then a pause), are judged in
    transport streams only.
    """
    strays: set[int] = set()
    source = _without_times_of_strays(packets, stream, strays)
    behind: deque[VideoPacket] = deque(maxlen=_NEAR)
    ahead: deque[VideoPacket] = deque()
    while True:
        while len(ahead) <= _NEAR and (following := next(source, None)) is not None:
            ahead.append(following)
        if not ahead:
            return
        packet = ahead.popleft()
        if id(packet) in strays:
            packet.pts = _missing(_times(behind), _times(ahead))
            strays.remove(id(packet))
        behind.append(packet)
        yield packet


def _without_times_of_strays(
    packets: "Iterable[VideoPacket]", stream: VideoStream, strays: set[int]
) -> "Iterator[VideoPacket]":
    dense = stream.container.format.name == "mpegts"
    leap = (_DENSE_LEAP_S if dense else _LEAP_S) / float(stream.time_base or 1)

    def is_stray(time: int, before: list[int], after: list[int]) -> bool:
        if before and after:
            one, other = before[-1], after[0]
        elif dense and len(before or after) == 2:
            one, other = before or after
        else:
            return False
        return abs(one - other) <= leap < min(abs(time - one), abs(time - other))

    source = iter(packets)
    queue: deque[VideoPacket] = deque()
    before: deque[int] = deque(maxlen=2)
    while True:
        while len(queue) < 3 and (following := next(source, None)) is not None:
            queue.append(following)
        if not queue:
            return
        packet = queue.popleft()
        if packet.pts is not None:
            if is_stray(packet.pts, list(before), _times(queue)):
                packet.pts = packet.dts = None
                strays.add(id(packet))
            else:
                before.append(packet.pts)
        yield packet


def _missing(before: list[int], after: list[int]) -> int | None:
    """Return the time that is missing among those of packets before and after one, None if that cannot be told."""
    times = sorted({*before, *after})
    if len(times) < 2:
        return None
    step = round(median(later - time for time, later in pairwise(times)))
    here = median([*before[-2:], *after[:2]])
    gaps = [time for time, later in pairwise(times) if later - time > 1.5 * step]
    gap = min(gaps, key=lambda time: abs(time - here), default=None)
    if gap is not None and abs(gap - here) <= _DEEPEST * step:
        return gap + step
    return times[-1] + step if before else times[0] - step


def _times(packets: "Iterable[VideoPacket]") -> list[int]:
    return [packet.pts for packet in packets if packet.pts is not None and not packet.is_discard]
