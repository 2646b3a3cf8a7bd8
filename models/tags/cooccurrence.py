"""Co-occurrence: for each stem, the tags that posts use with it, and how relevant each is to it."""

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.errors import BundleError
from models.tensor_file import Tensors, narrowed, read_tensors, write_tensors

COOCCURRENCE_FILE = "cooccurrence.safetensors"


class Cooccurrence:
    """A sparse matrix (CSR) of relevance, with a row for each stem of a tag space, in its order.

    Parameters
    ----------
    starts : int (stems + 1,)
        The entries of stem i are at ``starts[i]:starts[i + 1]`` of the other two arrays.
    companions : int (entries,)
        Row of each companion in the tag space.
    relevance : float16 (entries,)
        Of the companion to the stem, 0 to 1: the probability that unseen posts use the two together, lowered where few
        of the stem's posts do (`training.cooccurrence`).

    Raises
    ------
    BundleError
        If the arrays are inconsistent.
    """

    def __init__(
        self, starts: NDArray[np.integer], companions: NDArray[np.integer], relevance: NDArray[np.float16]
    ) -> None:
        whole = all(np.issubdtype(array.dtype, np.integer) for array in (starts, companions))
        # Differences of unsigned numbers would never be negative.
        starts = starts.astype(np.int64)
        self._starts, self._companions, self._relevance = starts, companions, relevance
        stems = len(starts) - 1
        consistent = (
            whole
            and relevance.dtype == np.float16
            and starts.ndim == companions.ndim == 1
            and companions.shape == relevance.shape
            and stems >= 0
            and starts[0] == 0
            and starts[-1] == len(companions)
            and (np.diff(starts) >= 0).all()
            and ((companions >= 0) & (companions < stems)).all()
            and ((relevance >= 0) & (relevance <= 1)).all()
        )
        if not consistent:
            raise BundleError(
                f"{COOCCURRENCE_FILE}: its arrays do not form a sparse matrix. Fetch or train the bundle anew."
            )

    def __len__(self) -> int:
        return len(self._starts) - 1

    def row(self, stem: int) -> tuple[NDArray[np.integer], NDArray[np.float16]]:
        """Return the companions of a stem and their relevance."""
        entries = slice(self._starts[stem], self._starts[stem + 1])
        return self._companions[entries], self._relevance[entries]

    def between(self, anchors: ArrayLike, tags: ArrayLike) -> NDArray[np.float64]:
        """Return the relevance of each of several tags to each of several anchors, 1 of a tag to itself.

        Parameters
        ----------
        anchors, tags : array_like of int, (m,), (k,)
            Rows of stems; those of the tags unique.

        Returns
        -------
        float64 (m, k)
        """
        wanted, order = np.unique(np.asarray(tags, np.int64), return_index=True)
        found = np.zeros((len(np.asarray(anchors)), len(wanted)))
        for line, anchor in zip(found, np.asarray(anchors, np.int64).tolist(), strict=True):
            companions, relevance = self.row(anchor)
            places = np.minimum(np.searchsorted(wanted, companions), len(wanted) - 1)
            same = wanted[places] == companions if len(wanted) else np.zeros(len(companions), np.bool_)
            line[places[same]] = relevance[same]
            line[wanted == anchor] = 1
        relevance_of: NDArray[np.float64] = np.empty_like(found)
        relevance_of[:, order] = found
        return relevance_of

    def expected(self, anchors: ArrayLike, weights: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the expected relevance of tags, given the probability of each of several anchors.

        Parameters
        ----------
        anchors : array_like of int, (m,)
            Rows of stems; unique.
        weights : array_like of float, (m,)
            The probability of each.

        Returns
        -------
        stems : int64 (n,)
            Rows of the anchors and their companions, ascending.
        relevance : float64 (n,)
            The expected relevance of each; an anchor has relevance 1 to itself.
        """
        rows = np.asarray(anchors, np.int64)
        probabilities = np.asarray(weights, np.float64)
        lengths = self._starts[rows + 1] - self._starts[rows]
        entries = np.repeat(self._starts[rows] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
        stems, inverse = np.unique(np.concatenate([rows, self._companions[entries]]), return_inverse=True)
        terms = np.concatenate([probabilities, np.repeat(probabilities, lengths) * self._relevance[entries]])
        return stems.astype(np.int64), np.bincount(inverse, terms, len(stems)).astype(np.float64)

    @classmethod
    def empty(cls, stems: int) -> Self:
        """Return the co-occurrence of stems none of which is known to occur with another."""
        return cls(np.zeros(stems + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float16))

    def save(self, folder: Path) -> Path:
        """Write `COOCCURRENCE_FILE` to an existing folder; return its path."""
        tensors: Tensors = {
            "starts": narrowed(self._starts),
            "companions": narrowed(self._companions),
            "relevance": self._relevance,
        }
        return write_tensors(folder / COOCCURRENCE_FILE, tensors)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; raises BundleError if it is missing or damaged."""
        tensors = read_tensors(folder / COOCCURRENCE_FILE, "starts", "companions", "relevance")
        return cls(tensors["starts"], tensors["companions"], tensors["relevance"])
