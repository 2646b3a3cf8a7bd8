"""Which pieces of a long clip are analysed, so that it takes little more work than a short one.

Each shot has a piece, and pieces are spread evenly over the clip, from its first frame to its last. Where a key frame
is near, a piece begins with it: what lies between pieces need not be decoded then.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

UNCUT: Final = 180
"""Frames up to which a whole clip is analysed: 12 s at 15 frames a second."""
_LOOKED_AT: Final = 160
"""Frames of a longer one: with what is decoded in between, less than twice the work of 6 s."""
_USUAL: Final = 20
"""Frames of a piece: a trajectory has 16."""
SHORTEST: Final = 18
"""Frames of a piece in a clip of many shots: so that there are trajectories."""

_REPEATS: Final = 2
"""How often each frame may be shown, so that there are as many others where a piece begins."""


class Piece(NamedTuple):
    """A part of a clip in which some frames are analysed.

    Attributes
    ----------
    begin, end : int
        Times (`pts`) of the first frame analysed and of the end, exclusive; None: the end of the clip.
    frames : int, optional
        Maximum number of frames analysed; None: all.
    """

    begin: int
    end: int | None
    frames: int | None


def pieces(stamps: Sequence[int], keys: Sequence[int], shots: Sequence[int], hints: Sequence[int] = ()) -> list[Piece]:
    """Return the pieces of a clip, in order.

    There are at least as many pieces as shots. Beyond eight, each further shot adds the work of `SHORTEST` frames.

    Parameters
    ----------
    stamps : sequence of int
        Times (`pts`) of the frames that may be used, in order; more than `UNCUT`.
    keys, shots : sequence of int
        Times of the key frames, and of those at which another shot begins, in order.
    hints : sequence of int
        Times at which another shot may begin, the likeliest first: as many are believed as make no more work.
    """
    cuts = sorted({0, *(bisect_left(stamps, shot) for shot in shots if shot <= stamps[-1])})
    for hint in hints:
        place = bisect_left(stamps, hint)
        if len(cuts) >= _LOOKED_AT // SHORTEST:
            break
        if all(abs(place - cut) >= SHORTEST for cut in (*cuts, len(stamps))):
            insort(cuts, place)
    bounds = [*cuts, len(stamps)]
    parts = _parts(bounds, max(len(cuts), _LOOKED_AT // _USUAL))
    frames = max(SHORTEST, _LOOKED_AT // len(parts))
    places = sorted({bisect_left(stamps, key) for key in keys})
    found: list[Piece] = []
    for number, (begin, end) in enumerate(parts):
        last = number == len(parts) - 1
        latest = max(begin, end - frames if last else end - _REPEATS * frames)
        place = begin + round((latest - begin) * number / max(1, len(parts) - 1))
        if number > 0 and not last:
            near = places[bisect_left(places, begin) : bisect_left(places, latest + 1)]
            place = min(near, key=lambda key: abs(key - place), default=place)
        found.append(Piece(stamps[place], stamps[end] if end < len(stamps) else None, frames))
    return found


def _parts(bounds: Sequence[int], count: int) -> list[tuple[int, int]]:
    """Cut shots into `count` parts in all, none much longer than others (D'Hondt)."""
    lengths = np.diff(bounds)
    shares = np.ones(len(lengths), int)
    for _ in range(count - len(lengths)):
        shares[np.argmax(lengths / shares)] += 1
    parts: list[tuple[int, int]] = []
    for (begin, end), share in zip(pairwise(bounds), shares.tolist(), strict=True):
        edges = np.rint(np.linspace(begin, end, share + 1)).astype(int).tolist()
        parts += pairwise(edges)
    return parts
