"""Clips that are too short for a single trajectory: they are played back and forth."""

from collections.abc import Iterator
from itertools import cycle, islice

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
    head: list[Frame] = []
    for frame in frames:  # each is yielded at once: others analyse it while the next one is decoded
        yield frame
        head.append(frame)
        if len(head) == needed:
            head.clear()
            yield from frames
    if len(head) < 2:
        return
    if warnings is not None:
        warnings.append(
            f"The clip has only {len(head)} frames; a trajectory needs {needed}. "
            "It was played back and forth, so its hashtags are less certain."
        )
    yield from islice(cycle(head + head[-2:0:-1]), len(head), 2 * needed)
