"""The embedding: an ensemble of small networks that map a clip's motion and appearance to a point of the tag space.

Each is the network of "Learning to Hash-tag Videos with Tag2Vec" (Singh, Saini, Shah and Narayanan, ICVGIP 2016): one
hidden layer of 600 tanh units between the Fisher vector, to which appearance is appended here (`models.fusion`), and
the 100 dimensions of Tag2Vec. Training (`training.embedding`) can only move its first layer within the span of the
training clips' vectors, so a fixed projection onto the principal directions of that span comes first and keeps the
layer small.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models.fusion import fuse

Array = NDArray[np.float32]

ROWS = 64
"""Rows of the projection that are converted from 8 bits at a time: few enough for the cache."""


@dataclass(frozen=True)
class Embedding:
    """Maps clips to the mean of the networks' unit vectors; all arrays but the first are float32.

    The direction of the mean is the clip's position in the tag space. Its length, at most 1, measures how far the
    networks agree, which they do more on clips that resemble the training clips.

    Attributes
    ----------
    projection : int8 (rank, dimensions + 2 d)
        Principal directions, each row to be multiplied by its `scale`. Holds most of the weights, hence 8 bits.
    scale : (rank,)
    hidden_weight : (members, rank, hidden)
    hidden_bias : (members, 1, hidden)
    output_weight : (members, hidden, out)
    output_bias : (members, 1, out)
    appearance_mean, appearance_deviation : (2 d,)
        Of the features of the training clips' appearance.
    """

    projection: NDArray[np.int8]
    scale: Array
    hidden_weight: Array
    hidden_bias: Array
    output_weight: Array
    output_bias: Array
    appearance_mean: Array
    appearance_deviation: Array

    @property
    def dimensions(self) -> int:
        """Length of the Fisher vectors."""
        return int(self.projection.shape[1]) - len(self.appearance_mean)

    def embed(self, fisher: Array, features: Array) -> Array:
        """Embed a clip, or several.

        Parameters
        ----------
        fisher : float32 (dimensions,) or (n, dimensions)
        features : float32 (2 d,) or (n, 2 d)
            As in `models.appearance.Appearance`.

        Returns
        -------
        float32 (out,) or (n, out)
        """
        fused = fuse(fisher, features, self.appearance_mean, self.appearance_deviation)
        projected = self._project(np.atleast_2d(fused))
        hidden = np.tanh(projected @ self.hidden_weight + self.hidden_bias)
        points = hidden @ self.output_weight + self.output_bias
        points /= np.maximum(np.linalg.norm(points, axis=-1, keepdims=True), np.finfo(np.float32).tiny)
        mean: Array = points.mean(axis=0)
        return mean.reshape(*fisher.shape[:-1], -1)

    def _project(self, fused: Array) -> Array:
        starts = range(0, len(self.projection), ROWS)
        parts = [fused @ self.projection[start : start + ROWS].astype(np.float32).T for start in starts]
        projected: Array = np.concatenate(parts, axis=1) * self.scale
        return projected

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, as stored in the bundle."""
        return dict(vars(self))

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]]) -> Self:
        """Build from the result of `tensors`; raises TypeError if an array is missing or unknown."""
        return cls(**tensors)
