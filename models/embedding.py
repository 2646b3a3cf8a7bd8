"""The embedding: small networks that take a clip's Fisher vector to a point of the tag space.

The network of "Learning to Hash-tag Videos with Tag2Vec" (Singh, Saini, Shah, Narayanan, ICVGIP 2016), several times:
one hidden layer of 600 tanh units between the Fisher vector and the 100 dimensions of Tag2Vec. Training
(`training.embedding`) moves its first layer within the span of the training clips' Fisher vectors only, so a fixed
projection onto the main directions of that span comes first and keeps it small.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

ROWS = 64
"""Rows of the projection that are widened from 8 bits at a time: few enough to stay in the cache."""


@dataclass(frozen=True)
class Embedding:
    """Fisher vectors to the mean of the networks' points; all arrays but the first are float32.

    The direction of a point is where the clip lies. Its length, at most 1, says how much the networks agree: they do
    about clips like those that they were trained on, and less about others.

    Attributes
    ----------
    projection : int8 (rank, dimensions)
        The directions that are kept of a Fisher vector, each row to be multiplied by its `scale`: nearly all of what
        is learnt, so it stays in 8 bits.
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
        """Length of the Fisher vectors that are taken."""
        return int(self.projection.shape[1])

    def embed(self, fisher: Array) -> Array:
        """Embed one Fisher vector, (dimensions,) to (out,), or many, (n, dimensions) to (n, out)."""
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
        """Return the arrays as stored in the bundle."""
        return dict(vars(self))

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild from `tensors()`; raises TypeError where an array is missing or unknown."""
        return cls(**tensors)
