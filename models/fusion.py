"""Fusion: what moves in a clip and what its pictures show, as one vector."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

WEIGHT = 2.0
"""Length of the part that describes appearance: about that of a Fisher vector, whose five blocks each have length 1."""


def fuse(fisher: Array, features: Array, mean: Array, deviation: Array) -> Array:
    """Append the features of appearance to a Fisher vector, or to several.

    Features are standardised; then, as in the blocks of a Fisher vector, their signed square roots are scaled to a
    fixed length (Perronnin, Sánchez and Mensink, "Improving the Fisher Kernel for Large-Scale Image Classification",
    ECCV 2010).

    Parameters
    ----------
    fisher : float32 (..., f)
    features : float32 (..., 2 d)
        As in `models.appearance.Appearance`.
    mean, deviation : float32 (2 d,)
        Of the features of the training clips. A feature that never varied among them is ignored.

    Returns
    -------
    float32 (..., f + 2 d)
    """
    centred = features - mean
    standard = np.divide(centred, deviation, out=np.zeros_like(centred), where=deviation > 0)
    rooted = np.sign(standard) * np.sqrt(np.abs(standard))
    length = np.linalg.norm(rooted, axis=-1, keepdims=True)
    scaled = WEIGHT * rooted / np.where(length > 0, length, 1)
    return np.concatenate([fisher, scaled], axis=-1).astype(np.float32, copy=False)
