"""Ranking: orders tags by their expected relevance to what a clip may stand for, its anchors.

The position of a clip in the tag space suggests anchors: the nearest stems, and the hashtags that the embedding was
trained on. The probability of an anchor falls with its distance. Which tags go with an anchor is known better from
posts than from distances, so the relevance of a tag is its co-occurrence with the anchors, averaged over their
probabilities. What names the thing seen is at least as relevant as it is likely.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.errors import BundleError
from models.tags.anchors import Anchors
from models.tags.cooccurrence import Cooccurrence
from models.tags.space import TagSpace

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
    """Ranks the stems of a tag space for any anchors.

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
        self.cooccurrence = cooccurrence
        self._temperature = temperature

    def anchors(self, vector: ArrayLike) -> Anchors:
        """Return the anchors of a vector: the nearest stems, and the hashtags that the embedding was trained on.

        Parameters
        ----------
        vector : array_like of float, (dimensions,)
            Only its direction matters.

        Raises
        ------
        ValueError
            If the vector has the wrong shape or is not finite.
        """
        near = {one.stem: (one.distance, 1.0) for one in self.space.nearest(vector, ANCHORS)}
        near |= {one.stem: (one.distance, PRIOR) for one in self.space.hashtag_distances(vector)}
        distances, priors = np.array(list(near.values())).T
        # The cosine of unit vectors is 1 - distance ** 2 / 2. Subtracting the maximum avoids underflow.
        logits = -(distances**2) / 2 / self._temperature
        weights = priors * np.exp(logits - logits.max())
        weights /= weights.sum()
        return Anchors(np.array([self.space.row(name) for name in near], np.int64), weights, weights)

    def centre(self, anchors: Anchors) -> NDArray[np.float32]:
        """Return the mean of the anchors' vectors, float32 (dimensions,), not of unit length."""
        mean = anchors.weights @ self.space.vectors(anchors.rows)
        return mean.astype(np.float32)

    def rank(self, anchors: Anchors, at_least: int) -> Iterator[Ranked]:
        """Yield stems in order of relevance, the most relevant first.

        Parameters
        ----------
        anchors : Anchors
        at_least : int
            After those that are relevant come the others among this many nearest to the centre, at relevance 0.
        """
        stems, relevance = self._expected(anchors)
        for index in np.argsort(-relevance, kind="stable").tolist():
            yield Ranked(int(stems[index]), float(relevance[index]))
        known = set(stems.tolist())
        for neighbour in self.space.nearest(self.centre(anchors), at_least):
            if (row := self.space.row(neighbour.stem)) not in known:
                yield Ranked(row, 0.0)

    def rank_among(self, anchors: Anchors, names: Iterable[str]) -> Iterator[Ranked]:
        """Yield the given stems of the space, the most relevant first, ties by distance from the centre; see `rank`."""
        stems, relevance = self._expected(anchors)
        known, centre = dict(zip(stems.tolist(), relevance.tolist(), strict=True)), self.centre(anchors)
        rows = {name: self.space.row(name) for name in names}
        keys = {name: (-known.get(row, 0.0), self.space.distance(centre, name)) for name, row in rows.items()}
        for name in sorted(rows, key=keys.__getitem__):
            yield Ranked(rows[name], known.get(rows[name], 0.0))

    def relevance(self, anchors: Anchors, rows: ArrayLike) -> NDArray[np.float64]:
        """Return the relevance of the tags in these rows, as in `rank`, in their order."""
        stems, relevance = self._expected(anchors)
        wanted = np.asarray(rows, np.int64)
        places = np.minimum(np.searchsorted(stems, wanted), len(stems) - 1)
        found: NDArray[np.float64] = np.where(stems[places] == wanted, relevance[places], 0.0)
        return found

    def _expected(self, anchors: Anchors) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        stems, relevance = self.cooccurrence.expected(anchors.rows, anchors.weights)
        # What names the thing seen is as relevant as it is likely, and so comes before what goes with it.
        places = np.searchsorted(stems, anchors.rows)
        relevance[places] = np.maximum(relevance[places], anchors.naming)
        return stems, relevance
