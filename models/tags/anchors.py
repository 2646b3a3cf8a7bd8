"""Anchors: the tags that a clip may stand for, and how likely it stands for each."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Anchors:
    """Tags that a clip may stand for.

    Attributes
    ----------
    rows : int64 (m,)
        Rows of stems in the tag space; unique.
    weights : float64 (m,)
        The probability that the clip stands for each; at most 1 in all. What is missing stands for nothing.
    naming : float64 (m,)
        The probability that each names what the clip shows, at least its weight: several names of one thing share its
        weight, but each is right if one is.
    """

    rows: NDArray[np.int64]
    weights: NDArray[np.float64]
    naming: NDArray[np.float64]

    def mixed(self, other: Self, share: float) -> "Anchors":
        """Return the mixture of these anchors and others, of which the others have a share, 0 to 1."""
        parts = [
            (1 - share) * np.stack([self.weights, self.naming]),
            share * np.stack([other.weights, other.naming]),
        ]
        rows, place = np.unique(np.concatenate([self.rows, other.rows]), return_inverse=True)
        weights, naming = (
            np.bincount(place, part, len(rows)).astype(np.float64) for part in np.concatenate(parts, axis=1)
        )
        some = weights > 0
        return Anchors(rows[some], weights[some], naming[some])
