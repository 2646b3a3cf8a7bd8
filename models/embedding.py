"""The embedding: an ensemble of small networks that map a clip's motion and appearance to a point of the tag space.

Each is the network of "Learning to Hash-tag Videos with Tag2Vec" (Singh, Saini, Shah and Narayanan, ICVGIP 2016): one
hidden layer of 600 tanh units between the Fisher vector, to which appearance is appended here (`models.fusion`), and
the 100 dimensions of Tag2Vec. Training (`training.embedding`) can only move its first layer within the span of the
training clips' vectors, so a fixed projection onto the principal directions of that span comes first and keeps the
layer small.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.fusion import fuse
from models.quantisation import pack, unpack
from models.tensor_file import Tensors, read_tensors, write_tensors

Array = NDArray[np.float32]

PROJECTION_FILE = "projection.safetensors"
EMBEDDING_FILE = "embedding.safetensors"

BITS = 4
"""Of each number of the projection, in a file."""

ROWS = 64
"""Rows of the projection that are converted to float at a time: few enough for the cache."""


@dataclass(frozen=True)
class Embedding:
    """Maps clips to the mean of the networks' unit vectors; all arrays but the first are float32.

    The direction of the mean is the clip's position in the tag space. Its length, at most 1, measures how far the
    networks agree, which they do more on clips that resemble the training clips.

    Attributes
    ----------
    projection : int8 (rank, dimensions + 2 d)
        Principal directions, each row to be multiplied by its `scale`: levels of `models.quantisation` in `BITS` bits,
        because it holds most of the numbers.
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

    def save(self, folder: Path) -> list[Path]:
        """Write `PROJECTION_FILE` and `EMBEDDING_FILE` to an existing folder; return their paths.

        Weights are written in half precision. The projection has a file of its own because it stays the same when
        networks are trained anew on the same clips.
        """
        projection: Tensors = {
            "projection": pack(self.projection, BITS),
            "scale": self.scale,
            "appearance_mean": self.appearance_mean,
            "appearance_deviation": self.appearance_deviation,
        }
        networks: Tensors = {
            "hidden_weight": self.hidden_weight.astype(np.float16),
            "hidden_bias": self.hidden_bias,
            "output_weight": self.output_weight.astype(np.float16),
            "output_bias": self.output_bias,
        }
        return [write_tensors(folder / PROJECTION_FILE, projection), write_tensors(folder / EMBEDDING_FILE, networks)]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; raises BundleError if a file is missing or damaged."""
        projected = read_tensors(
            folder / PROJECTION_FILE, "projection", "scale", "appearance_mean", "appearance_deviation"
        )
        networks = read_tensors(folder / EMBEDDING_FILE, "hidden_weight", "hidden_bias", "output_weight", "output_bias")
        return cls(
            projection=unpack(projected["projection"], BITS, len(projected["scale"])),
            scale=projected["scale"],
            appearance_mean=projected["appearance_mean"],
            appearance_deviation=projected["appearance_deviation"],
            hidden_weight=networks["hidden_weight"].astype(np.float32),
            hidden_bias=networks["hidden_bias"],
            output_weight=networks["output_weight"].astype(np.float32),
            output_bias=networks["output_bias"],
        )
