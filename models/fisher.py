"""Fisher vectors: encodes a clip's trajectory descriptors against a visual vocabulary.

Improved Fisher vectors (Perronnin, Sánchez and Mensink, ECCV 2010) of each block of the descriptor (trajectory shape,
HOG, HOF, MBHx, MBHy), the usual encoding of improved dense trajectories (Wang and Schmid, ICCV 2013, section 4.2): PCA
to half the dimensions, gradients with respect to the means and variances of a diagonal Gaussian mixture, signed square
root, L2 normalisation, concatenation of the blocks.

A clip has two such vectors: one of the clip as it is and one of its mirror image. Their mean is what is embedded, so a
clip and its mirror image are embedded alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from models.trajectories.descriptor_layout import BLOCKS, WIDTH
from models.trajectories.mirroring import mirrored

Array = NDArray[np.float32]

CHUNK = 1024
"""Descriptors encoded at a time: enough for fast matrix products, few enough for the cache."""

NEGLIGIBLE = 1e-6
"""Smaller posteriors are set to zero; as denormals they would make the matrix products 25 times slower."""


@dataclass(frozen=True)
class Codebook:
    """PCA and a mixture of diagonal Gaussians for one block; all arrays are float32.

    Attributes
    ----------
    mean : (d_in,)
        Mean of the raw descriptors.
    components : (d_out, d_in)
        Principal axes, one per row.
    weights : (K,)
        Mixture weights, summing to 1.
    means, variances : (K, d_out)
        Of the Gaussians, in the coordinates of the principal axes.
    """

    mean: Array
    components: Array
    weights: Array
    means: Array
    variances: Array

    @property
    def dimensions(self) -> int:
        """Length of this block's Fisher vector: two gradients for each Gaussian and axis."""
        return 2 * self.means.size


@dataclass(frozen=True)
class Vocabulary:
    """The codebooks of all blocks, in the order of `BLOCKS`."""

    codebooks: Mapping[str, Codebook]

    @property
    def dimensions(self) -> int:
        """Length of the complete Fisher vector."""
        return sum(codebook.dimensions for codebook in self.codebooks.values())

    def tensors(self) -> dict[str, Array]:
        """Return the arrays by name (`block.field`), as stored in the bundle."""
        return {
            f"{block}.{field.name}": getattr(codebook, field.name)
            for block, codebook in self.codebooks.items()
            for field in fields(Codebook)
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array]) -> "Vocabulary":
        """Build a vocabulary from the result of `tensors`; raises KeyError if an array is missing."""
        return cls(
            {
                block: Codebook(**{field.name: tensors[f"{block}.{field.name}"] for field in fields(Codebook)})
                for block in BLOCKS
            }
        )


class FisherEncoder:
    """Computes the Fisher vectors of a stream of descriptors in constant memory.

    The result depends only on the descriptors and their order, not on how they were split into batches.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._blocks = [_BlockStatistics(block, vocabulary.codebooks[name]) for name, block in BLOCKS.items()]
        self._pending = np.empty((CHUNK, WIDTH), np.float32)
        self._filled = 0

    def add(self, descriptors: NDArray[np.floating]) -> None:
        """Add descriptors, (n, 426), of any float type."""
        start = 0
        while start < len(descriptors):
            taken = min(CHUNK - self._filled, len(descriptors) - start)
            self._pending[self._filled : self._filled + taken] = descriptors[start : start + taken]
            self._filled += taken
            start += taken
            if self._filled == CHUNK:
                self._flush()

    def merge(self, other: "FisherEncoder") -> None:
        """Add the descriptors of another encoder with the same vocabulary, which is of no use afterwards."""
        self._flush()
        other._flush()
        for own, more in zip(self._blocks, other._blocks, strict=True):
            own.merge(more)

    def vector(self) -> Array:
        """Return the mean of both Fisher vectors so far, float32 (dimensions,); zeros if there were no descriptors."""
        mean: Array = self.views().mean(axis=0)
        return mean

    def views(self) -> Array:
        """Return the Fisher vectors so far, of the clip and of its mirror image, float32 (2, dimensions)."""
        self._flush()
        return np.concatenate([block.views() for block in self._blocks], axis=1)

    def _flush(self) -> None:
        if self._filled:
            for block in self._blocks:
                block.add(self._pending[: self._filled])
            self._filled = 0


class _BlockStatistics:
    """The sums over the descriptors of one block that both gradients are computed from."""

    def __init__(self, block: slice, codebook: Codebook) -> None:
        self._block = block
        self._codebook = codebook
        self._offset = codebook.components @ codebook.mean
        # Mirroring the axes instead of every descriptor gives the same product.
        axes = np.zeros((len(codebook.components), WIDTH), np.float32)
        axes[:, block] = codebook.components
        self._axes = [np.ascontiguousarray(view[:, block].T) for view in (axes, mirrored(axes))]
        precisions = 1.0 / codebook.variances
        # log N(x) = [x^2, x] @ coefficients + constant: one matrix product for all Gaussians.
        self._coefficients = np.concatenate([-0.5 * precisions, codebook.means * precisions], axis=1).T.copy()
        self._constant = np.log(codebook.weights) - 0.5 * (
            np.log(2 * np.pi * codebook.variances).sum(axis=1) + (codebook.means**2 * precisions).sum(axis=1)
        )
        k, d = codebook.means.shape
        self._count = 0
        self._posteriors = np.zeros((len(self._axes), k))
        self._moments = np.zeros((len(self._axes), k, 2 * d))

    def add(self, descriptors: Array) -> None:
        self._count += len(descriptors)
        columns = descriptors[:, self._block]
        for axes, posteriors, moments in zip(self._axes, self._posteriors, self._moments, strict=True):
            x = columns @ axes
            x -= self._offset
            features = np.concatenate([x * x, x], axis=1)
            q = features @ self._coefficients
            q += self._constant
            q -= q.max(axis=1, keepdims=True)
            np.exp(q, out=q)
            q /= q.sum(axis=1, keepdims=True)
            q[q < NEGLIGIBLE] = 0
            posteriors += q.sum(axis=0)
            moments += q.T @ features

    def merge(self, other: "_BlockStatistics") -> None:
        self._count += other._count
        self._posteriors += other._posteriors
        self._moments += other._moments

    def views(self) -> Array:
        if not self._count:
            return np.zeros((len(self._axes), self._codebook.dimensions), np.float32)
        return np.stack([self._gradient(*view) for view in zip(self._posteriors, self._moments, strict=True)])

    def _gradient(self, posteriors: NDArray[np.float64], moments: NDArray[np.float64]) -> Array:
        book = self._codebook
        q = posteriors[:, None] / self._count
        squares, sums = np.split(moments / self._count, 2, axis=1)
        mu, variance = book.means.astype(np.float64), book.variances.astype(np.float64)
        root = np.sqrt(book.weights.astype(np.float64))[:, None]
        by_mean = (sums - q * mu) / (root * np.sqrt(variance))
        by_variance = (squares - 2 * sums * mu + q * (mu**2 - variance)) / (np.sqrt(2) * root * variance)
        gradient = np.concatenate([by_mean.ravel(), by_variance.ravel()])
        powered = np.sign(gradient) * np.sqrt(np.abs(gradient))
        norm = np.linalg.norm(powered)
        return np.asarray(powered / norm if norm else powered, np.float32)


def fisher_vectors(descriptors: NDArray[np.floating], vocabulary: Vocabulary) -> Array:
    """Return the Fisher vectors of descriptors, (n, 426), as they are and mirrored, float32 (2, dimensions)."""
    encoder = FisherEncoder(vocabulary)
    encoder.add(descriptors)
    return encoder.views()
