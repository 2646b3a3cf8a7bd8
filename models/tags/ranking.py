"""Ranking: orders tags by their expected relevance to a vector of the tag space.

The position of a vector suggests which tags it may stand for, its anchors: the nearest stems, and the hashtags that the
embedding was trained on. The probability of an anchor falls with its distance. Which tags go with an anchor is known
better from posts than from distances, so the relevance of a tag is its co-occurrence with the anchors, averaged over
their probabilities.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.errors import BundleError
from models.tags.cooccurrence import Cooccurrence
from models.tags.space import Neighbour, TagSpace

ANCHORS = 30
"""Number of nearest stems that serve as anchors."""

PRIOR = 30.0
"""Prior odds of a hashtag that the embedding was trained on against another stem at the same distance."""


@dataclass(frozen=True)
class Ranked:
    """Row of a stem in the tag space, and its expected relevance, 0 to 1."""

    row: int
    relevance: float


class Ranking:
    """Ranks the stems of a tag space for any vector.

    Parameters
    ----------
    space : TagSpace
        Source of the anchors.
    cooccurrence : Cooccurrence
        Of the stems of that space.
    temperature : float
        Of the softmax over the cosines of vector and anchors: that of the bundle, as in the loss of the embedding.

    Raises
    ------
    BundleError
        If the two differ in their number of stems.
    """

    def __init__(self, space: TagSpace, cooccurrence: Cooccurrence, temperature: float) -> None:
        if len(space) != len(cooccurrence):
            raise BundleError(f"the tag space has {len(space)} stems, but co-occurrence has {len(cooccurrence)}")
        self.space = space
        self._cooccurrence = cooccurrence
        self._temperature = temperature

    def rank(self, vector: ArrayLike, at_least: int) -> Iterator[Ranked]:
        """Yield stems in order of relevance to a vector, the most relevant first.

        Parameters
        ----------
        vector : array_like of float, (dimensions,)
            Only its direction matters.
        at_least : int
            If fewer stems are relevant, continue with the nearest ones, at relevance 0.

        Raises
        ------
        ValueError
            If the vector has the wrong shape or is not finite.
        """
        near = self.space.nearest(vector, max(ANCHORS, at_least))
        stems, relevance = self._expected(vector, near)
        for index in np.argsort(-relevance, kind="stable").tolist():
            yield Ranked(int(stems[index]), float(relevance[index]))
        known = set(stems.tolist())
        for neighbour in near:
            if (row := self.space.row(neighbour.stem)) not in known:
                yield Ranked(row, 0.0)

    def rank_among(self, vector: ArrayLike, names: Iterable[str]) -> Iterator[Ranked]:
        """Yield the given stems of the space, the most relevant to a vector first, ties by distance; see `rank`."""
        stems, relevance = self._expected(vector, self.space.nearest(vector, ANCHORS))
        known = dict(zip(stems.tolist(), relevance.tolist(), strict=True))
        rows = {name: self.space.row(name) for name in names}
        keys = {name: (-known.get(row, 0.0), self.space.distance(vector, name)) for name, row in rows.items()}
        for name in sorted(rows, key=keys.__getitem__):
            yield Ranked(rows[name], known.get(rows[name], 0.0))

    def _expected(self, vector: ArrayLike, near: list[Neighbour]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        anchors = {neighbour.stem: (neighbour.distance, 1.0) for neighbour in near[:ANCHORS]}
        anchors |= {neighbour.stem: (neighbour.distance, PRIOR) for neighbour in self.space.hashtag_distances(vector)}
        distances, priors = np.array(list(anchors.values())).T
        # The cosine of unit vectors is 1 - distance ** 2 / 2. Subtracting the maximum avoids underflow.
        logits = -(distances**2) / 2 / self._temperature
        weights = priors * np.exp(logits - logits.max())
        return self._cooccurrence.expected([self.space.row(name) for name in anchors], weights / weights.sum())
