"""Ranking: the tags that most likely go with a vector of the tag space.

Where a vector lies tells which tags it may mean, its anchors: the stems nearest to it and the hashtags that clips were
trained towards. Each is right with a probability that falls with its distance. What goes with them is known from posts
better than from distances, so tags are ranked by their co-occurrence with the anchors: by the expected relevance over
all that the vector may mean.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.errors import BundleError
from models.tags.cooccurrence import Cooccurrence
from models.tags.space import Neighbour, TagSpace

ANCHORS = 30
"""Of the stems nearest to a vector."""

TEMPERATURE = 0.1
"""Of the softmax over the cosines of vector and anchors; the loss of the embedding has the same."""

PRIOR = 30.0
"""How much more likely a hashtag that clips were trained towards is meant than any other stem as near."""


@dataclass(frozen=True)
class Ranked:
    """The row of a stem in the tag space, and its expected relevance, 0 to 1."""

    row: int
    relevance: float


class Ranking:
    """Ranks the stems of a tag space for any vector.

    Parameters
    ----------
    space : TagSpace
        Where to look for anchors.
    cooccurrence : Cooccurrence
        What goes with each of its stems.

    Raises
    ------
    BundleError
        If they are not of the same stems.
    """

    def __init__(self, space: TagSpace, cooccurrence: Cooccurrence) -> None:
        if len(space) != len(cooccurrence):
            raise BundleError(f"the tag space has {len(space)} stems, but co-occurrence is of {len(cooccurrence)}")
        self.space = space
        self._cooccurrence = cooccurrence

    def rank(self, vector: ArrayLike, least: int) -> Iterator[Ranked]:
        """Give what may go with a vector, the most relevant first.

        Parameters
        ----------
        vector : array_like of float, (dimensions,)
            Its direction counts.
        least : int
            Go on with the nearest stems, as relevant as nothing, where fewer are found.

        Raises
        ------
        ValueError
            If the vector has another shape or a number that is not finite.
        """
        near = self.space.nearest(vector, max(ANCHORS, least))
        stems, relevance = self._expected(vector, near)
        for place in np.argsort(-relevance, kind="stable").tolist():
            yield Ranked(int(stems[place]), float(relevance[place]))
        known = set(stems.tolist())
        for neighbour in near:
            if (row := self.space.row(neighbour.stem)) not in known:
                yield Ranked(row, 0.0)

    def of(self, vector: ArrayLike, names: Iterable[str]) -> Iterator[Ranked]:
        """Give stems of the space, the most relevant to a vector first, then the nearest; see `rank`."""
        stems, relevance = self._expected(vector, self.space.nearest(vector, ANCHORS))
        known = dict(zip(stems.tolist(), relevance.tolist(), strict=True))
        rows = {name: self.space.row(name) for name in names}
        worth = {name: (-known.get(row, 0.0), self.space.distance(vector, name)) for name, row in rows.items()}
        for name in sorted(rows, key=worth.__getitem__):
            yield Ranked(rows[name], known.get(rows[name], 0.0))

    def _expected(self, vector: ArrayLike, near: list[Neighbour]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        anchors = {neighbour.stem: (neighbour.distance, 1.0) for neighbour in near[:ANCHORS]}
        anchors |= {neighbour.stem: (neighbour.distance, PRIOR) for neighbour in self.space.hashtag_distances(vector)}
        distances, priors = np.array(list(anchors.values())).T
        # Of unit vectors the cosine is 1 - distance ** 2 / 2; the largest is taken off, so that nothing overflows.
        logits = -(distances**2) / 2 / TEMPERATURE
        weights = priors * np.exp(logits - logits.max())
        return self._cooccurrence.expected([self.space.row(name) for name in anchors], weights / weights.sum())
