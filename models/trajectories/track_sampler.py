"""A sample of a clip's trajectories, for display."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.encoded_clip import MOST_TRACKS, TrackSample
from models.trajectories.extractor import Trajectories
from models.video.used_frame import UsedFrame

_GOLDEN: Final = (math.sqrt(5) - 1) / 2
_SHORTEST_STEP_S: Final = 0.001
"""Frames of a hostile clip may all be shown at once."""


class TrackSampler:
    """Keeps an even sample of `MOST_TRACKS` trajectories of a clip whose total is not known until it ends.

    The fractional parts of multiples of the golden ratio are spread as evenly as possible, so the trajectories whose
    numbers have the smallest ones are, too. Every n-th trajectory would be worse: if n end in each frame, they would
    all be from one corner.
    """

    def __init__(self) -> None:
        self._count = 0
        self._ranks: NDArray[np.float64] = np.empty(0)
        self._last: NDArray[np.int64] = np.empty(0, np.int64)
        self._points: NDArray[np.float32] = np.empty((0, 1, 2), np.float32)

    def add(self, batch: Trajectories, before: int) -> None:
        """Take the next trajectories, found in a piece of the clip that `before` used frames come before."""
        if not len(batch):
            return
        numbers = np.arange(self._count, self._count + len(batch), dtype=np.float64)
        self._count += len(batch)
        ranks = np.concatenate([self._ranks, numbers * _GOLDEN % 1])
        kept = np.sort(np.argsort(ranks)[:MOST_TRACKS])
        last = np.concatenate([self._last, before + batch.frames.astype(np.int64)])
        points = np.concatenate([self._points, batch.points]) if len(self._points) else batch.points
        self._ranks, self._last, self._points = ranks[kept], last[kept], points[kept]

    def sample(self, frames: Sequence[UsedFrame], size: tuple[int, int]) -> TrackSample:
        """Return the trajectories that were kept, in order of their last points.

        There are none of a clip that was played back and forth, because it is shorter than any.

        Parameters
        ----------
        frames : sequence of UsedFrame
            All used frames of the clip.
        size : tuple of int
            (width, height) px of the clip as displayed. Where it has another shape, it is fitted into this, centred, as
            players do.
        """
        whole = self._last < len(frames)
        points, last = self._points[whole], self._last[whole]
        if not len(points):
            return TrackSample(np.empty((0, 0, 2), np.int32), [], 0.0)
        length = points.shape[1] - 1
        first = last - length
        shown = np.array(size)
        greys = np.array([frame.size for frame in frames])[first]
        scales = (shown / greys).min(axis=1, keepdims=True)
        margins = (shown - greys * scales) / 2
        # The middle of a pixel has whole coordinates in a frame, and in no other size of it.
        pixels = np.floor((points + 0.5) * scales[:, None] + margins[:, None]).astype(np.int32)
        times = np.array([frame.shown_s for frame in frames])
        steps = np.diff(times[first[:, None] + np.arange(length + 1)])
        return TrackSample(
            points=pixels.clip(0, shown.astype(np.int32) - 1),
            starts_s=times[first].round(4).tolist(),
            step_s=max(round(float(np.median(steps)), 4), _SHORTEST_STEP_S),
        )
