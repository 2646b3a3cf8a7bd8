"""When the frames of a clip are shown."""

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from statistics import median
from typing import Final

from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from models.video.demuxing import ROUNDING_S, told_end
from models.video.packets import VideoPacket, shown
from models.video.thinning import Thinning

_DEEPEST: Final = 8
"""Packets that may come before one that is shown earlier; more are taken for shuffled ones.

Standards allow 16, of which usual encoders need a few. The packets of others get the same times, if none is lost.
"""


class Timeline:
    """Seconds since the first frame; where timestamps are missing or do not advance, the nominal frame rate is used.

    Frames never run ahead of times that are still to come: of several with one time, the others are shown before the
    next time.

    Some containers (avi), and programs that make up times, number the packets as they are decoded although the frames
    are shown in another order, or shuffle them. Such frames carry each other's times, so they are given the same times
    in order.

    Parameters
    ----------
    stream : VideoStream
    packets : sequence of VideoPacket
        All of the clip, in decoding order.

    Attributes
    ----------
    now, end : float
        Seconds at which the last frame appears, and at which it goes.
    """

    def __init__(self, stream: VideoStream, packets: Sequence[VideoPacket]) -> None:
        self._base = float(stream.time_base or 0)
        self._step = 1 / float(stream.average_rate or stream.guessed_rate or 25)
        self._origin: int | None = None
        self._latest = -math.inf
        self._frames = 0
        visible = shown(packets)
        stamps = [packet.pts for packet in visible if packet.pts is not None]
        distinct = sorted(set(stamps))
        # Times of all packets, none twice; otherwise none.
        self._known = distinct if 1 < len(distinct) == len(visible) else []
        # What one of several frames with the same time must not reach: the next time, or the end.
        self._bounds: list[float] = []
        if len(distinct) > 1 and self._base:
            self._bounds = [*distinct, distinct[-1] + self._step / self._base]
        # The decoder may exchange frames of which the packets do not say so: they get other times than these. Packets
        # that are exchanged more than any decoder does are shuffled.
        reorders = bool(stream.codec_context.has_b_frames) and stream.codec_context.codec.reorder
        self._exchanged = bool(self._known) and _reordering(stamps) > (_DEEPEST if reorders else 0)
        self._stamps = list(self._known) if self._exchanged or (reorders and stamps == self._known) else []
        if self._known:
            # Over half the clip, so that times rounded to milliseconds do not matter.
            half = len(self._known) // 2
            distances = [after - before for before, after in zip(self._known, self._known[half:], strict=False)]
            self._spacing = median(distances) / half * self._base
        if self._exchanged:
            self._step = self._spacing
        # Where an edit list hides frames, it may begin in the middle of one, and FFmpeg's times with the next one; or
        # FFmpeg hands over less than it shows.
        complete = len(visible) == (stream.frames or len(packets))
        self._told_end = told_end(stream) if complete else None
        self.now = self.end = -self._step

    @property
    def duration(self) -> float:
        """Seconds from the first frame to the end of the last one that has come."""
        if self._exchanged:
            return (self._known[-1] - (self._origin or 0)) * self._base + self._step
        if self._told_end is None:
            return self.end
        told = self._told_end - (self._origin or 0) * self._base
        return told if told > self.now and abs(told - self.end) > ROUNDING_S else self.end

    @property
    def rate(self) -> float:
        """Frames per second, as far as the packets tell."""
        return 1 / (self._spacing if self._known else self._step)

    def unneeded(self, fps: float) -> set[int]:
        """Return the times (`pts`) of frames that thinning out to `fps` will leave out.

        Not of all: none where packets do not tell the times of their frames, and not that of the last frame, which
        tells how long the clip is.
        """
        if not self.sure:
            return set()
        thinning = Thinning(fps, self.rate)
        first, *_ = self._known
        return {stamp for stamp in self._known[:-1] if not thinning.keeps((stamp - first) * self._base)}

    def used(self, fps: float) -> list[int]:
        """Return the times (`pts`) of the frames that thinning out to `fps` keeps, in order; none if unknown."""
        if self._exchanged:
            return []
        thinning = Thinning(fps, self.rate)
        return [stamp for stamp in self._known if thinning.keeps((stamp - self._known[0]) * self._base)]

    @property
    def stamp(self) -> int:
        """Time (`pts`) of the last frame that has come."""
        return (self._origin or 0) + round(self.now / self._base) if self._base else 0

    @property
    def sure(self) -> bool:
        """Whether packets tell the times of their frames."""
        return bool(self._known) and not self._stamps

    def leading(self, first: VideoFrame) -> int:
        """Return how many frames should have been shown before the first one that was decoded."""
        if self._stamps or first.pts is None:
            return 0
        return bisect_left(self._known, first.pts)

    def enter(self, stamp: int) -> None:
        """Record that decoding continues at the key frame of this time (`pts`)."""
        self._frames = bisect_left(self._known, stamp)
        self._stamps = [later for later in self._stamps if later >= stamp]

    def lose(self, stamp: int | None) -> None:
        """Record a packet that gives no frame, by its time (`pts`)."""
        if stamp in self._stamps:
            self._stamps.remove(stamp)

    def advance(self, frame: VideoFrame) -> float:
        """Return when the next frame is shown, in seconds."""
        pts = frame.pts
        if self._origin is None:
            self._origin = self._known[0] if self._exchanged else pts or 0
            self._stamps = [stamp for stamp in self._stamps if stamp >= self._origin]
        elif self._known and not self._stamps and not self._exchanged and pts is not None and pts < self._latest:
            self._exchange()
        self._latest = self._latest if pts is None else pts
        self._frames += 1
        if self._stamps:
            stamp = self._stamps.pop(0)
            if stamp != pts and not self._exchanged:
                self._exchanged, self._step = True, self._spacing
            pts = stamp
        elif self._exchanged:
            pts = None
        seconds = -math.inf if pts is None else (pts - self._origin) * self._base
        lasts = 0 if self._exchanged else (frame.duration or 0) * self._base
        if seconds > self.now:
            self.now = seconds
        else:
            self.now += min(self._step, self._until_next() / 2)
            lasts = min(lasts or self._step, self._until_next())
        self.end = self.now + (lasts if lasts > 0 else self._step)
        return self.now

    def _exchange(self) -> None:
        # A frame comes after one of a later time: those before it were the first ones, whatever they said.
        self._origin, self.now = self._known[0], -self._spacing
        self._exchanged, self._step = True, self._spacing
        self._stamps = self._known[self._frames :]

    def _until_next(self) -> float:
        if not self._bounds:
            return math.inf
        origin = self._origin or 0
        place = bisect_right(self._bounds, origin + self.now / self._base)
        return (self._bounds[place] - origin) * self._base - self.now if place < len(self._bounds) else math.inf


def _reordering(stamps: Sequence[int]) -> int:
    """Return before how many packets that come earlier a frame is shown, at most."""
    earlier: list[int] = []
    most = 0
    for stamp in stamps:
        most = max(most, len(earlier) - bisect_left(earlier, stamp))
        insort(earlier, stamp)
    return most
