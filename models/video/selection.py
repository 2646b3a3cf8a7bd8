"""Which packets an excerpt of a clip needs: those shown in it, and earlier ones that these are predicted from."""

import math
from collections import deque
from typing import TYPE_CHECKING, Final, TypeAlias

from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from models.errors import NoSuchPart
from models.video.excerpt import WHOLE, Excerpt

if TYPE_CHECKING:
    VideoPacket: TypeAlias = Packet[VideoStream]

_REORDERED: Final = 32
"""Packets that may come before one that is shown earlier, with a margin: standards allow 16."""
_ROUNDING_S: Final = 1e-6


class Selection:
    """Takes the packets of a track in decoding order, and keeps those that an excerpt needs.

    They begin with the last key frame that is shown at its start or before. Where no frame begins in the excerpt, the
    one that is shown at its start is in it.

    Parameters
    ----------
    stream : VideoStream
    excerpt : Excerpt

    Attributes
    ----------
    packets : list of VideoPacket
        In decoding order; complete after `finish`.
    count : int
        Packets that there were.
    """

    def __init__(self, stream: VideoStream, excerpt: Excerpt) -> None:
        self.packets: list[VideoPacket] = []
        self.count = 0
        self._excerpt = excerpt
        self._base = float(stream.time_base or 0) or 1.0
        # An avi says when packets are decoded, not when they are shown: that is known by counting from the beginning.
        reordered = stream.container.format.name == "avi" and bool(stream.codec_context.has_b_frames)
        self._counts = reordered and excerpt != WHOLE
        # Every frame of a GIF is drawn over the one before.
        self._has_keys = stream.container.format.name != "gif" and not self._counts
        self._stamps: deque[int] = deque()
        self._early: list[VideoPacket] | None = []
        self._origin = self._first = 0.0
        self._begin, self._until = -math.inf, math.inf
        self._before = self._end = -math.inf
        self._later = 0
        self._throughout = False

    def __len__(self) -> int:
        """Return how many packets are kept, as yet, without those that may come after the excerpt."""
        return len(self.packets) + len(self._early or ()) - min(self._later, _REORDERED)

    def __contains__(self, stamp: object) -> bool:
        """Return whether a frame with this time (`pts`) is shown in the excerpt; one without a time is."""
        return not isinstance(stamp, int) or self._begin <= stamp < self._until

    def add(self, packet: "VideoPacket") -> None:
        """Take the next packet."""
        self.count += 1
        if self._early is None:
            self._sort_in(packet)
            return
        self._early.append(packet)
        if len(self._early) == _REORDERED:  # the first frame shown is among them
            self._settle()

    def finish(self) -> None:
        """Handle the end of the packets.

        Raises
        ------
        NoSuchPart
            If the clip ends before the excerpt begins.
        """
        if self._early is not None:
            self._settle()
        while not self._counts and self.packets and _stamp(self.packets[-1]) >= self._until:
            self.packets.pop()
        shown = [packet.pts for packet in self.packets if not packet.is_discard and packet.pts is not None]
        inside = [stamp for stamp in shown if stamp in self]
        if shown and not inside:
            if self._begin >= self._end:
                raise NoSuchPart(
                    f"The clip is {(self._end - self._origin) * self._base:.1f} s long, so there is nothing "
                    f"at {self._excerpt.start_s:g} s. Choose an earlier start."
                )
            self._begin, self._throughout = self._before, True
            inside = [stamp for stamp in shown if stamp in self]
        self._first = min(inside, default=self._origin)
        self._stamps.extend(sorted(shown) if self._counts else [])

    def shows(self, frame: VideoFrame) -> bool:
        """Return whether the next decoded frame is shown in the excerpt; sets its time where that is not told."""
        if self._stamps:
            frame.pts = self._stamps.popleft()
        return frame.pts in self

    def may_skip(self, packet: "VideoPacket | None") -> bool:
        """Return whether the decoder may leave out the frame of a packet, if no other is predicted from it."""
        return packet is not None and packet.pts not in self and not self._counts

    def lose(self, stamp: int | None) -> None:
        """Record a packet that gave no frame, by its time (`pts`)."""
        if stamp is not None and stamp in self._stamps:
            self._stamps.remove(stamp)

    def seconds(self, stamp: int) -> float:
        """Return when a frame is shown, by its time (`pts`), in seconds since the first one of the clip."""
        return max(0.0, (stamp - self._origin) * self._base)

    @property
    def start_s(self) -> float:
        """Seconds into the clip at which the excerpt begins."""
        return max((self._first - self._origin) * self._base, self._excerpt.start_s)

    def duration_s(self, shown_s: float) -> float:
        """Return how long the excerpt is, if its frames are shown for `shown_s` from when the first one begins."""
        if self._excerpt == WHOLE:
            return shown_s
        if self._throughout:
            end = (self._end - self._origin) * self._base
        else:
            end = (self._first - self._origin) * self._base + shown_s
        return (end if self._excerpt.end_s is None else min(end, self._excerpt.end_s)) - self.start_s

    def _settle(self) -> None:
        early, self._early = self._early or [], None
        self._origin = min((_stamp(packet) for packet in early if not packet.is_discard), default=0.0)
        if self._excerpt.start_s:
            self._begin = self._origin + (self._excerpt.start_s - _ROUNDING_S) / self._base
        if self._excerpt.end_s is not None:
            self._until = self._origin + (self._excerpt.end_s - _ROUNDING_S) / self._base
        for packet in early:
            self._sort_in(packet)

    def _sort_in(self, packet: "VideoPacket") -> None:
        stamp = _stamp(packet)
        at_start = stamp <= self._begin + 2 * _ROUNDING_S / self._base
        if packet.is_keyframe and at_start and self._has_keys:
            self.packets.clear()
        if not packet.is_discard:
            self._end = max(self._end, stamp + (packet.duration or 0))
            if at_start:
                self._before = max(self._before, stamp)
        # Later frames may come before the last ones of the excerpt, but not many.
        self._later = self._later + 1 if stamp >= self._until else 0
        if self._later <= _REORDERED:
            self.packets.append(packet)


def _stamp(packet: "VideoPacket") -> float:
    """Return when a packet's frame is shown, or decoded if that is not told; without either, it belongs to any part."""
    stamp = packet.pts if packet.pts is not None else packet.dts
    return math.nan if stamp is None else stamp
