"""From a vector in the tag space to the hashtags that are suggested."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path
from typing import Literal, Self, TypedDict, get_args

import numpy as np
from numpy.typing import ArrayLike

from models.calibration import familiarity
from models.errors import NoDates
from models.tags.cooccurrence import Cooccurrence
from models.tags.deny_list import DenyList
from models.tags.diversity import diverse
from models.tags.inflections import Inflections
from models.tags.ranking import Ranked, Ranking
from models.tags.space import TagSpace
from models.tags.stemming import normalise, stem
from models.tags.trends import Trends

Rank = Literal["similar", "popular", "trending"]

NO_DATES = "The posts that these tags were learnt from carry no dates: ask for similar or popular ones."

POOL = 200
"""Hashtags, the most relevant, among which the choice is made; the same for any smaller number that is wanted."""

WIDER = 3
"""Popular and trending hashtags are the most popular and trending of so many times as many similar ones."""


@dataclass(frozen=True)
class Suggestion:
    """One suggested hashtag, without its ``#``.

    Attributes
    ----------
    tag : str
        As its users write it, lower-cased: of the common inflections the one that fits best.
    score : float
        0 to 1.
    distance : float
        L2 between the unit vectors of the clip and the tag, 0 to 2.
    rank : int
        From 1.
    relevance : float
        What `score` is made of: the expected relevance of `models.tags.ranking`.
    """

    tag: str
    score: float
    distance: float
    rank: int
    relevance: float = 0.0


class SuggestOptions(TypedDict, total=False):
    """What is wanted of suggestions.

    Attributes
    ----------
    k : int
        At most how many; 15 if nothing is said.
    min_score : float
        Nothing with a lower score.
    exclude : iterable of str
        Tags as typed; what has the same stem is left out.
    allow : iterable of str
        Tags as typed; where there are any, nothing of another stem is suggested. What the space does not know is
        passed over.
    rank : str
        `similar`: the most relevant first, without many that are written alike (`models.tags.diversity`); `popular`:
        those of them that most posts use first; `trending`: those first whose use has grown most.
    """

    k: int
    min_score: float
    exclude: Iterable[str]
    allow: Iterable[str]
    rank: Rank


class Suggester:
    """Suggests hashtags for vectors.

    Parameters
    ----------
    space : TagSpace
        The tags.
    cooccurrence : Cooccurrence
        Which of them go together.
    denied : sequence of DenyList
        Tags that are never suggested, whatever is asked for: those on any of the lists.
    trends : Trends, optional
        How often each was used lately, where the posts carried dates.
    inflections : Inflections, optional
        The company of inflections: without it the most common one is shown.
    """

    def __init__(
        self,
        space: TagSpace,
        cooccurrence: Cooccurrence,
        *,
        denied: Sequence[DenyList] = (),
        trends: Trends | None = None,
        inflections: Inflections | None = None,
    ) -> None:
        self.space = space
        self.trends = trends
        self._inflections = inflections
        self._ranking = Ranking(space, cooccurrence)
        self._denied = tuple(denied)
        self._known_denied: dict[str, bool] = {}

    @classmethod
    def load(cls, folder: Path, hashtags: Iterable[str] = ()) -> Self:
        """Read tag space and co-occurrence from a folder that `training.tag2vec` wrote; the same errors as theirs."""
        return cls(TagSpace.load(folder, list(hashtags)), Cooccurrence.load(folder))

    @property
    def ranks(self) -> list[Rank]:
        """The ranks that may be asked for."""
        return [rank for rank in get_args(Rank) if rank != "trending" or self.trends is not None]

    def suggest(
        self,
        vector: ArrayLike,
        *,
        k: int = 15,
        min_score: float = 0.0,
        exclude: Iterable[str] = (),
        allow: Iterable[str] = (),
        rank: Rank = "similar",
        score: Callable[[float], float] = lambda relevance: min(relevance, 1.0),
    ) -> list[Suggestion]:
        """Suggest hashtags for a vector.

        Parameters
        ----------
        vector : array_like of float, (dimensions,)
            An embedded clip; its direction counts.
        k, min_score, exclude, allow, rank
            What is wanted: see `SuggestOptions`.
        score : callable
            From an expected relevance to the score that is shown; may not fall. See `models.calibration`.

        Returns
        -------
        list of Suggestion
            No stem twice.

        Raises
        ------
        ValueError
            If `k` is less than 1, or the vector has another shape or a number that is not finite.
        NoDates
            If what is trending is asked for, and no post of the corpus had a date.
        """
        if k < 1:
            raise ValueError(f"at least one suggestion must be asked for, not {k}")
        if rank == "trending" and self.trends is None:
            raise NoDates(NO_DATES)
        excluded = {self.space.row(stem(normalise(tag))) for tag in exclude if tag in self.space}
        wanted = k if rank == "similar" else WIDER * k
        pool = max(POOL, wanted)
        ranked = takewhile(
            lambda one: score(one.relevance) >= min_score, self._ranked(vector, allow, pool + len(excluded))
        )
        fit = list(islice((one for one in ranked if one.row not in excluded and not self._denies_row(one.row)), pool))
        displays = [self.space.displays[one.row] for one in fit]
        chosen = diverse(fit, displays, [one.relevance for one in fit], wanted)
        if rank == "popular":
            chosen.sort(key=lambda one: -int(self.space.counts[one.row]))
        elif self.trends is not None and rank == "trending":
            growth = self.trends.growth
            chosen.sort(key=lambda one: -float(growth[one.row]))
        return [
            Suggestion(
                tag=self._show_row(one.row, vector),
                score=score(one.relevance),
                distance=self.space.distance(vector, self.space.stems[one.row]),
                rank=number,
                relevance=one.relevance,
            )
            for number, one in enumerate(chosen[:k], 1)
        ]

    def show(self, name: str, vector: ArrayLike) -> str:
        """Return the inflection of a stem that is shown for a vector; UnknownTag if the space has no such stem."""
        return self._show_row(self.space.row(name), vector)

    def denies(self, name: str) -> bool:
        """Tell whether a stem of the space is never suggested."""
        return self._denies_row(self.space.row(name))

    def familiarity(self, vector: ArrayLike) -> float:
        """Return how surely a vector means one of the trained hashtags; see `models.calibration.familiarity`.

        Unlike for all else, its length counts: the longer, the surer it is of its direction.
        """
        return float(familiarity(self.space.hashtag_vectors @ np.asarray(vector, np.float32)))

    def _ranked(self, vector: ArrayLike, allow: Iterable[str], least: int) -> Iterator[Ranked]:
        allowed = {stem(normalise(tag)): tag for tag in allow}
        if allowed:
            return self._ranking.of(vector, [name for name, tag in allowed.items() if tag in self.space])
        return self._ranking.rank(vector, least)

    def _show_row(self, row: int, vector: ArrayLike) -> str:
        closest = self._inflections.closest(row, vector) if self._inflections is not None else []
        return next((tag for tag in closest if not self._denies_tag(tag)), self.space.displays[row])

    def _denies_row(self, row: int) -> bool:
        return self._denies_tag(self.space.displays[row])

    def _denies_tag(self, tag: str) -> bool:
        if tag not in self._known_denied:
            self._known_denied[tag] = any(denied.denies(tag) for denied in self._denied)
        return self._known_denied[tag]
