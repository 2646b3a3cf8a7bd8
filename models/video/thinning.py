"""Thinning out: which frames of a clip with a high frame rate are used."""

import math

# Fraction of a frame interval by which a frame may come early: cameras jitter, and Matroska rounds to milliseconds. No
# usual frame rate has frames that are as early: rounding would decide about them, in each container in another way.
_EARLY = 0.23


class Thinning:
    """Keeps at most `fps` frames a second, by their times; none is ever repeated."""

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._tick = self._kept = 0
        self._latest = 0.0

    def keeps(self, seconds: float) -> bool:
        """Return whether the next frame, shown `seconds` after the first one, is used."""
        ticks = seconds * self._fps
        if seconds < self._latest:  # the frames before this one were taken for later ones
            self._tick = self._kept
        self._latest = seconds
        if ticks < self._tick - _EARLY:
            return False
        self._tick = math.floor(ticks + _EARLY) + 1
        self._kept += 1
        return True
