"""Mirror images of trajectories: swaps left and right in descriptors. Most hashtags fit a clip and its mirror image.

Mirroring changes the sign of horizontal steps, swaps the left and right cells of a patch and reflects orientations. So
each column of the mirrored descriptor is, up to its sign, a column of the original one, and no frame has to be decoded
again. The result differs from extraction from mirrored frames only where positions are rounded (the sampling grid, the
left border of a patch).
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from models.trajectories.descriptor_layout import BLOCKS, ORIENTATIONS, TIME_CELLS

Float = TypeVar("Float", bound=np.floating)


def _cells(block: str, *, vertical_differences: bool) -> NDArray[np.int64]:
    """Return the source column of each column of a mirrored block.

    A direction (x, y) becomes (-x, y). Gradients of the horizontal flow, whose sign changes too, become (x, -y).
    """
    columns = BLOCKS[block]
    own = np.arange(columns.start, columns.stop).reshape(TIME_CELLS, 2, 2, -1)
    orientations = np.arange(own.shape[-1])
    half_turn = 0 if vertical_differences else ORIENTATIONS // 2
    # The ninth bin, for pixels without motion, is unchanged.
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
"""For each column of a mirrored descriptor, the column of the original that it equals up to its sign."""


def mirrored(descriptors: NDArray[Float]) -> NDArray[Float]:
    """Return the descriptors of the mirrored trajectories; (n, 426), of any float type."""
    seen = descriptors[:, SOURCE]
    steps = BLOCKS["trajectory"]
    seen[:, steps.start : steps.stop : 2] *= -1
    return seen
