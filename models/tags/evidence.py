"""Evidence: which tags a clip may stand for, by its vector, its pictures and hints, and which of these say so."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from models.tags.anchors import Anchors
from models.tags.class_anchors import ClassAnchors
from models.tags.eligibility import Eligibility
from models.tags.hints import hinted, pulled
from models.tags.ranking import Ranking
from models.tags.reasons import ReasonKind, Source

EVEN = 0.5
"""Share of the classes in the anchors if there is no calibration to tell."""


class Evidence:
    """Weighs what is known of a clip.

    Parameters
    ----------
    ranking : Ranking
    eligibility : Eligibility
    classes : ClassAnchors, optional
        What the classes of the image network mean; needed for probabilities of them.
    """

    def __init__(self, ranking: Ranking, eligibility: Eligibility, classes: ClassAnchors | None) -> None:
        self._ranking = ranking
        self._eligibility = eligibility
        self._classes = classes

    @property
    def classes(self) -> ClassAnchors:
        """What the classes of the image network mean; raises ValueError if there are none."""
        if self._classes is None:
            raise ValueError("these tags come without classes of an image network, so probabilities mean nothing here")
        return self._classes

    def anchors(self, vector: ArrayLike, probabilities: ArrayLike | None = None, share: float = EVEN) -> Anchors:
        """Return the tags that a clip may stand for.

        Parameters
        ----------
        vector : array_like of float, (dimensions,)
            An embedded clip; only its direction matters.
        probabilities : array_like of float, (classes,), optional
            Of the image network's classes. Without them, the vector alone decides.
        share : float
            Share of the classes' tags in the mixture, 0 to 1; nothing if there are no classes.

        Raises
        ------
        ValueError
            If an array has the wrong shape or values that it cannot have, or there are probabilities but no classes.
        """
        anchors = self._ranking.anchors(vector)
        if probabilities is None:
            return anchors
        seen = self.classes.anchors(probabilities)
        return anchors.mixed(seen, share) if len(self.classes) else anchors

    def hints(self, tags: Iterable[str]) -> list[int]:
        """Return the rows of the hints among tags as typed, ascending: those that are known and not denied."""
        return sorted(row for row in self._eligibility.rows(tags) if not self._eligibility.denies(row))

    def hinted(self, seen: Anchors, hint: Iterable[str]) -> Anchors:
        """Return anchors as hints change them."""
        return hinted(seen, self.hints(hint), self._ranking.cooccurrence)

    def sources(
        self,
        vector: ArrayLike,
        probabilities: ArrayLike | None = None,
        *,
        share: float = EVEN,
        hint: Iterable[str] = (),
    ) -> list[Source]:
        """Return where the anchors of a clip come from, hints included."""
        networks, seen = self._ranking.anchors(vector), self.anchors(vector, probabilities, share)
        changed, named, pull = pulled(seen, self.hints(hint), self._ranking.cooccurrence)
        sure = self._eligibility.sure(seen)
        # Hints change an anchor whatever it comes from.
        before, after = (np.stack([each.weights, each.naming]) for each in (seen, changed))
        gains = (1 - pull) * np.divide(after, before, out=np.zeros_like(before), where=before > 0)
        gain = dict(zip(seen.rows.tolist(), gains.T, strict=True))

        def source(kind: ReasonKind, names: list[str | None], anchors: Anchors, part: float) -> Source:
            factors = part * np.array([gain.get(row, np.zeros(2)) for row in anchors.rows.tolist()]).reshape(-1, 2)
            weights, naming = factors.T * [anchors.weights, anchors.naming]
            return Source(kind, names, Anchors(anchors.rows, weights, naming))

        displays, may = self._ranking.space.displays, self._eligibility
        suits = [displays[row] if may.names(row, sure) else None for row in networks.rows.tolist()]
        typed: list[str | None] = [displays[row] for row in named.rows.tolist()]
        sources = [Source("hint", typed, Anchors(named.rows, pull * named.weights, pull * named.naming))]
        if probabilities is None or not len(self.classes):
            sources.append(source("hashtag", suits, networks, 1))
        else:
            numbers, pictured = self.classes.parts(probabilities)
            things = self.classes.names
            name = {
                number: things[number] if may.names_thing(things[number], self.classes.rows(number), sure) else None
                for number in set(numbers.tolist())
            }
            sources.append(source("hashtag", suits, networks, 1 - share))
            sources.append(source("seen", [name[number] for number in numbers.tolist()], pictured, share))
        return sources
