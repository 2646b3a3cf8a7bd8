"""The embedding: an ensemble of small networks that map a clip's Fisher vector to a point of the tag space.

Each is the network of "Learning to Hash-tag Videos with Tag2Vec" (Singh, Saini, Shah and Narayanan, ICVGIP 2016): one
hidden layer of 600 tanh units between the Fisher vector and the 100 dimensions of Tag2Vec. Training
(`training.embedding`) can only move its first layer within the span of the training clips' Fisher vectors, so a fixed
projection onto the principal directions of that span comes first and keeps the layer small.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

ROWS = 64
"""Rows of the projection that are converted from 8 bits at a time: few enough for the cache."""


@dataclass(frozen=True)
class Embedding:
    """Maps Fisher vectors to the mean of the networks' unit vectors; all arrays but the first are float32.

    The direction of the mean is the clip's position in the tag space. Its length, at most 1, measures how far the
    networks agree, which they do more on clips that resemble the training clips.

    Attributes
    ----------
    projection : int8 (rank, dimensions)
        Principal directions, each row to be multiplied by its `scale`. Holds most of the weights, hence 8 bits.
    scale : (rank,)
    hidden_weight : (members, rank, hidden)
    hidden_bias : (members, 1, hidden)
    output_weight : (members, hidden, out)
    output_bias : (members, 1, out)
    """

    projection: NDArray[np.int8]
    scale: Array
    hidden_weight: Array
    hidden_bias: Array
    output_weight: Array
    output_bias: Array

    @property
    def dimensions(self) -> int:
        """Length of the Fisher vectors."""
        return int(self.projection.shape[1])

    def embed(self, fisher: Array) -> Array:
        """Embed one Fisher vector, (dimensions,) to (out,), or several, (n, dimensions) to (n, out)."""
        projected = self._project(np.atleast_2d(fisher))
        hidden = np.tanh(projected @ self.hidden_weight + self.hidden_bias)
        points = hidden @ self.output_weight + self.output_bias
        points /= np.maximum(np.linalg.norm(points, axis=-1, keepdims=True), np.finfo(np.float32).tiny)
        mean: Array = points.mean(axis=0)
        return mean.reshape(*fisher.shape[:-1], -1)

    def _project(self, fisher: Array) -> Array:
        starts = range(0, len(self.projection), ROWS)
        parts = [fisher @ self.projection[start : start + ROWS].astype(np.float32).T for start in starts]
        projected: Array = np.concatenate(parts, axis=1) * self.scale
        return projected

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, as stored in the bundle."""
        return dict(vars(self))

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]]) -> Self:
        """Build from the result of `tensors`; raises TypeError if an array is missing or unknown."""
        return cls(**tensors)
