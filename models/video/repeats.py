"""Frames that repeat the one before: a clip of 15 frames a second exported at 30, a camera in low light, a GIF.

The motion in such a clip stops at every other frame, and trajectories would take that for how things move. Coding is
lossy, so repeated frames are nearly equal, and no fixed limit tells them from a quiet scene: they are those that change
much less than the frames around them. Where all frames are equal, as in a still, none is left out.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, Generic, NamedTuple, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
T = TypeVar("T")

_CELL: Final = 8
"""px of the square cells whose means are compared: coding changes pixels, but hardly the mean of a cell."""
_MOST_CHANGED: Final = 50
"""The change of a frame is that of one cell in so many, the most changed ones: what moves may be small."""
_BEFORE: Final = 4
_AFTER: Final = 3
"""Changes before and after a frame that its own is compared with: a film may be shown at a quarter of the rate."""
_SHARE: Final = 0.2
"""Share of the second largest change around a frame (the largest may be a cut) below which it repeats the last one."""
_NOISE: Final = 2.0
"""Grey levels by which a camera's noise and its coding change a still scene."""


class _Step(NamedTuple, Generic[T]):
    grey: Grey
    frame: T
    change: float


def without_repeats(frames: Iterable[tuple[Grey, T]]) -> Iterator[tuple[Grey, T]]:
    """Yield the frames that do not repeat the one before, `_AFTER` frames late; the first one always.

    Parameters
    ----------
    frames : iterable of (uint8 (h, w), anything)
        Greyscale frames, and what goes with them.
    """
    steps = _steps(frames)
    before: deque[float] = deque(maxlen=_BEFORE)
    after = deque(islice(steps, 1 + _AFTER))
    while after:
        step = after.popleft()
        if not repeats(step.change, list(before), [later.change for later in after]):
            yield step.grey, step.frame
        before.append(step.change)
        after.extend(islice(steps, 1))


def repeats(change: float, before: list[float], after: list[float]) -> bool:
    """Return whether a frame repeats the last one, by its change and those before and after it.

    It changes much less than the frames around it, and abruptly so: what moves slows down before it stops.
    """
    changes = [*before, change, *after]
    finite = sorted(one for one in changes if one < np.inf)
    # The first frame, or another size, is as good as a cut, but only one of them.
    little = _SHARE * ([*finite, np.inf] if len(finite) < len(changes) else finite)[-2:][0]
    if change >= little:
        return False
    # A clip may end with a frame that is repeated.
    following = [*after, np.inf] if len(after) < _AFTER else after
    nearest = (next((other for other in side if other >= little), 0.0) for side in (before[::-1], following))
    return all(other > _NOISE and change < _SHARE * other for other in nearest)


def _steps(frames: Iterable[tuple[Grey, T]]) -> Iterator[_Step[T]]:
    before: NDArray[np.float32] | None = None
    for grey, frame in frames:
        cells = _cells(grey)
        if before is None or before.shape != cells.shape:
            change = np.inf
        else:
            changes = np.abs(cells - before).ravel()
            count = max(1, changes.size // _MOST_CHANGED)
            change = float(np.partition(changes, -count)[-count:].mean())
        before = cells
        yield _Step(grey, frame, change)


def _cells(grey: Grey) -> NDArray[np.float32]:
    height, width = grey.shape
    size = max(1, width // _CELL), max(1, height // _CELL)
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
