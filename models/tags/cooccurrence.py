"""Co-occurrence: for each stem the tags that stand beside it in posts, and how likely they are to do so again."""

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.errors import BundleError
from models.tensor_file import read_tensors, write_tensors

COOCCURRENCE_FILE = "cooccurrence.safetensors"


class Cooccurrence:
    """Rows of a sparse matrix, one for each stem of a tag space and in its order.

    Parameters
    ----------
    starts : int64 (stems + 1,)
        The row of stem i is at ``starts[i]:starts[i + 1]`` of the other two.
    companions : int32 (entries,)
        Stems, by their number.
    relevance : float16 (entries,)
        The probability, 0 to 1, that a companion goes with the stem in posts that were not seen.

    Raises
    ------
    BundleError
        If the arrays do not fit together.
    """

    def __init__(
        self, starts: NDArray[np.int64], companions: NDArray[np.int32], relevance: NDArray[np.float16]
    ) -> None:
        self._starts, self._companions, self._relevance = starts, companions, relevance
        stems = len(starts) - 1
        whole = (
            starts.dtype == np.int64
            and companions.dtype == np.int32
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
        if not whole:
            raise BundleError(f"{COOCCURRENCE_FILE}: its arrays do not form the rows of a matrix")

    def __len__(self) -> int:
        return len(self._starts) - 1

    def row(self, stem: int) -> tuple[NDArray[np.int32], NDArray[np.float16]]:
        """Return the companions of a stem and how relevant each is."""
        entries = slice(self._starts[stem], self._starts[stem + 1])
        return self._companions[entries], self._relevance[entries]

    def expected(self, anchors: ArrayLike, weights: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return what goes with one of several stems, when it is not known which of them is right.

        Parameters
        ----------
        anchors : array_like of int, (m,)
            Stems, each once.
        weights : array_like of float, (m,)
            The probability that each is the right one.

        Returns
        -------
        stems : int64 (n,)
            The anchors and their companions, rising.
        relevance : float64 (n,)
            The expected relevance of each; an anchor is relevant to itself.
        """
        chosen = np.asarray(anchors, np.int64)
        shares = np.asarray(weights, np.float64)
        lengths = self._starts[chosen + 1] - self._starts[chosen]
        entries = np.repeat(self._starts[chosen] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
        stems, place = np.unique(np.concatenate([chosen, self._companions[entries]]), return_inverse=True)
        parts = np.concatenate([shares, np.repeat(shares, lengths) * self._relevance[entries]])
        return stems.astype(np.int64), np.bincount(place, parts, len(stems)).astype(np.float64)

    @classmethod
    def of_none(cls, stems: int) -> Self:
        """Return that of stems of which none goes with another, as far as is known."""
        return cls(np.zeros(stems + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float16))

    def save(self, folder: Path) -> Path:
        """Write `COOCCURRENCE_FILE` into a folder that exists; return its path."""
        tensors = {"starts": self._starts, "companions": self._companions, "relevance": self._relevance}
        return write_tensors(folder / COOCCURRENCE_FILE, tensors)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; raises BundleError if it is missing or damaged."""
        tensors = read_tensors(folder / COOCCURRENCE_FILE, "starts", "companions", "relevance")
        return cls(tensors["starts"], tensors["companions"], tensors["relevance"])
