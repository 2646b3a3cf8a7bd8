"""When the frames of a clip are shown."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from statistics import median

from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from models.video.demuxing import ROUNDING_S, told_end
from models.video.packets import VideoPacket
from models.video.thinning import Thinning


class Timeline:
    """Seconds since the first frame; where timestamps are missing or do not advance, the nominal frame rate is used.

    Some containers (avi), and programs that make up times, number the packets as they are decoded although the frames
    are shown in another order. Such frames carry each other's times, so they are given the same times in order.

    Parameters
    ----------
    stream : VideoStream
    packets : sequence of VideoPacket
        Of the frames that are shown, in decoding order.

    Attributes
    ----------
    now, end : float
        Seconds at which the last frame appears, and at which it goes.
    """

    def __init__(self, stream: VideoStream, packets: Sequence[VideoPacket]) -> None:
        self._base = float(stream.time_base or 0)
        self._step = 1 / float(stream.average_rate or stream.guessed_rate or 25)
        self._origin: int | None = None
        self._exchanged = False
        stamps = [packet.pts for packet in packets if packet.pts is not None]
        # Times of all packets, none twice; otherwise none.
        self._known = sorted(set(stamps))
        if len(self._known) < len(packets):
            self._known = []
        # The decoder may exchange frames of which the packets do not say so: they get other times than these.
        in_order = stamps == self._known and len(stamps) > 1 and bool(stream.codec_context.has_b_frames)
        self._stamps = stamps if in_order else []
        if in_order:
            # Over half the clip, so that times rounded to milliseconds do not matter.
            half = len(stamps) // 2
            distances = [after - before for before, after in zip(stamps, stamps[half:], strict=False)]
            self._spacing = median(distances) / half * self._base
        self._told_end = told_end(stream)
        self.now = self.end = -self._step

    @property
    def duration(self) -> float:
        """Seconds from the first frame to the end of the last one that has come."""
        if self._told_end is None or self._exchanged:
            return self.end
        told = self._told_end - (self._origin or 0) * self._base
        return told if told > self.now and abs(told - self.end) > ROUNDING_S else self.end

    def unneeded(self, fps: float) -> set[int]:
        """Return the times (`pts`) of frames that thinning out to `fps` will leave out.

        Not of all: none where packets do not tell the times of their frames, and not that of the last frame, which
        tells how long the clip is.
        """
        if self._stamps or not self._known:
            return set()
        thinning = Thinning(fps)
        first, *_ = self._known
        return {stamp for stamp in self._known[:-1] if not thinning.keeps((stamp - first) * self._base)}

    def leading(self, first: VideoFrame) -> int:
        """Return how many frames should have been shown before the first one that was decoded."""
        if self._stamps or first.pts is None:
            return 0
        return bisect_left(self._known, first.pts)

    def lose(self, stamp: int | None) -> None:
        """Take notice of a packet that gave no frame, by its time (`pts`)."""
        if stamp in self._stamps:
            self._stamps.remove(stamp)

    def advance(self, frame: VideoFrame) -> float:
        """Return when the next frame is shown, in seconds."""
        pts = frame.pts
        if self._origin is None:
            self._origin = pts or 0
            self._stamps = [stamp for stamp in self._stamps if stamp >= self._origin]
        if self._stamps:
            stamp = self._stamps.pop(0)
            if stamp != pts and not self._exchanged:
                self._exchanged, self._step = True, self._spacing
            pts = stamp
        seconds = -math.inf if pts is None or self._exchanged else (pts - self._origin) * self._base
        self.now = seconds if seconds > self.now else self.now + self._step
        shown = 0 if self._exchanged else (frame.duration or 0) * self._base
        self.end = self.now + (shown if shown > 0 else self._step)
        return self.now
