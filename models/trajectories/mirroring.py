"""Trajectories seen in a mirror, left for right: the same motion, for which most hashtags are the same.

Mirroring turns the sign of horizontal steps, swaps the left and right cells of a patch, and reflects every orientation,
so each column of a mirrored trajectory's descriptor is a column of its own descriptor. No frame is decoded again. Only
what depends on the rounding of positions (the sampling grid, the patch's left border) is not what the extractor would
give for the mirrored frames.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from models.trajectories.layout import BLOCKS, ORIENTATIONS, TIME_CELLS

Float = TypeVar("Float", bound=np.floating)


def _cells(block: str, *, vertical_differences: bool) -> NDArray[np.int64]:
    """Return the columns that the mirrored block's columns come from.

    The direction (x, y) becomes (-x, y). Of the horizontal flow, whose own sign turns, gradients become (x, -y).
    """
    columns = BLOCKS[block]
    own = np.arange(columns.start, columns.stop).reshape(TIME_CELLS, 2, 2, -1)
    orientations = np.arange(own.shape[-1])
    half_turn = 0 if vertical_differences else ORIENTATIONS // 2
    # A ninth bin, of what does not move, stays.
    orientations[:ORIENTATIONS] = (half_turn - orientations[:ORIENTATIONS]) % ORIENTATIONS
    return own[:, ::-1, :, :][..., orientations].ravel()


SOURCE: NDArray[np.int64] = np.concatenate(
    [
        np.arange(BLOCKS["trajectory"].start, BLOCKS["trajectory"].stop),
        _cells("hog", vertical_differences=False),
        _cells("hof", vertical_differences=False),
        _cells("mbhx", vertical_differences=True),
        _cells("mbhy", vertical_differences=False),
    ]
)
"""For each column of a mirrored descriptor, the column of the descriptor that it equals."""


def mirrored(descriptors: NDArray[Float]) -> NDArray[Float]:
    """Return the descriptors, (n, 426) of any float type, of the same trajectories seen in a mirror."""
    seen = descriptors[:, SOURCE]
    steps = BLOCKS["trajectory"]
    seen[:, steps.start : steps.stop : 2] *= -1
    return seen
