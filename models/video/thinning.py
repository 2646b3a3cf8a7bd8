"""Thinning out: which frames of a clip with a high frame rate are used."""

import math
from typing import Final

FEWEST: Final = 32
"""Frames that are left of a clip, if it has as many: enough for two trajectories, one after the other."""

# Fraction of the interval between kept frames by which one may come early: cameras jitter, and Matroska rounds to
# milliseconds. No usual frame rate has frames that are as early: rounding would decide about them, in each container in
# another way.
_EARLY = 0.23


def thinned_rate(rate: float, frames: int, fps: float | None, most: float) -> float:
    """Return how many frames of each second to use.

    Every n-th one: if the steps between frames were uneven, so would be all motion.

    Parameters
    ----------
    rate : float
        Frames a second that the clip has.
    frames : int
        How many it has in all. `FEWEST` are left of them, if there are as many.
    fps : float, optional
        About how many to use; None: all.
    most : float
        The most that may be used.
    """
    n = min(round(rate / fps), frames // FEWEST) if fps else 1
    return most if n <= 1 else min(rate / n, most)


class Thinning:
    """Keeps at most `fps` frames of each second of a clip that has `rate`, by their times; none is ever repeated."""

    def __init__(self, fps: float, rate: float) -> None:
        self._fps = fps
        self._early = min(_EARLY, fps / rate / 2)  # not so early that it is another frame's time
        self._tick = self._kept = 0
        self._latest = 0.0

    def keeps(self, seconds: float) -> bool:
        """Return whether the next frame, shown `seconds` after the first one, is used."""
        ticks = seconds * self._fps
        if seconds < self._latest:  # the frames before this one were taken for later ones
            self._tick = self._kept
        self._latest = seconds
        if ticks < self._tick - self._early:
            return False
        self._tick = math.floor(ticks + self._early) + 1
        self._kept += 1
        return True
