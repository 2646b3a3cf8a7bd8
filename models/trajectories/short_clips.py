"""Clips that are too short for a single trajectory: they are played back and forth."""

from collections.abc import Iterator
from itertools import chain, cycle, islice

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]


def lengthened(frames: Iterator[Frame], needed: int, warnings: list[str] | None = None) -> Iterator[Frame]:
    """Yield the frames; if fewer than `needed`, play them back and forth until twice as many have been yielded.

    Parameters
    ----------
    frames : iterator of uint8 (h, w)
        A single one is not repeated: nothing moves in it.
    needed : int
    warnings : list of str, optional
        Receives a sentence for the user if the clip is too short.
    """
    head = list(islice(frames, needed))
    if not 1 < len(head) < needed:
        return chain(head, frames)
    if warnings is not None:
        warnings.append(
            f"The clip has only {len(head)} frames; a trajectory needs {needed}. "
            "It was played back and forth, so its hashtags are less certain."
        )
    return islice(cycle(head + head[-2:0:-1]), 2 * needed)
