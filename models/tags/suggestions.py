"""Suggestions: chooses hashtags for a clip, by its vector in the tag space and what its pictures show.

Anchors, ranking, filters, diversity, order and display form, one after the other.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice, takewhile
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike

from models.calibration import Recognition, familiarity
from models.errors import BundleError, NoDates
from models.tags.anchors import Anchors
from models.tags.candidates import POOL, Candidates
from models.tags.class_anchors import ClassAnchors
from models.tags.cooccurrence import Cooccurrence
from models.tags.deny_list import DenyList
from models.tags.diversity import DEFAULT, diversify
from models.tags.eligibility import Eligibility
from models.tags.evidence import EVEN, Evidence
from models.tags.inflections import Inflections
from models.tags.kinds import TagKinds
from models.tags.languages import Languages
from models.tags.none_left import none_left as why_none_is_left
from models.tags.platforms import PlatformName, platforms
from models.tags.ranking import Ranking
from models.tags.reasons import Reason, reasons
from models.tags.space import TagSpace
from models.tags.stemming import normalise, stem
from models.tags.suggest_options import NO_DATES, Rank
from models.tags.tag_list import name as named
from models.tags.tag_map import TagMap
from models.tags.trends import Trends

Score = Callable[[float, float], float]

RERANK = 3
"""Popular and trending re-rank the top `RERANK` times k similar hashtags."""


@dataclass(frozen=True)
class Suggestion:
    """One suggested hashtag, without its ``#``.

    Attributes
    ----------
    tag : str
        Display form, lower-cased: of the common inflections the one that fits best.
    score : float
        0 to 1.
    distance : float
        L2 distance between the tag and the centre of the clip's anchors, both as unit vectors, 0 to 2.
    rank : int
        From 1.
    relevance : float
        Expected relevance (`models.tags.ranking`), from which `score` is computed.
    """

    tag: str
    score: float
    distance: float
    rank: int
    relevance: float = 0.0


def unchanged(relevance: float, most_relevant: float) -> float:
    """Return a relevance as a score, where there is no calibration."""
    return min(relevance, 1.0)


class Suggester:
    """Suggests hashtags for clips.

    Parameters
    ----------
    space : TagSpace
        The tags.
    cooccurrence : Cooccurrence
        Of the same tags.
    temperature : float
        Of the softmax over cosines, in ranking and familiarity: that of the bundle.
    denied : sequence of DenyList
        Tags on any of these lists are never suggested.
    trends : Trends, optional
        Recent use of the tags; needed for `trending`.
    inflections : Inflections, optional
        Contexts of inflections; without them the most common inflection is shown.
    classes : ClassAnchors, optional
        What the classes of the image network mean; needed for probabilities of them.
    kinds : TagKinds, optional
        Tags that are held back. Hashtags that clips are trained towards are not.
    tag_map : TagMap, optional
        Of the same tags.
    languages : Languages, optional
        Languages that use the same tags; needed for `language`.

    Attributes
    ----------
    evidence : Evidence
        Weighs what is known of a clip.

    Raises
    ------
    BundleError
        If one of the parts is of other tags.
    """

    def __init__(
        self,
        space: TagSpace,
        cooccurrence: Cooccurrence,
        *,
        temperature: float,
        denied: Sequence[DenyList] = (),
        trends: Trends | None = None,
        inflections: Inflections | None = None,
        classes: ClassAnchors | None = None,
        kinds: TagKinds | None = None,
        tag_map: TagMap | None = None,
        languages: Languages | None = None,
    ) -> None:
        for name, table in (("languages", languages), ("trends", trends), ("places", tag_map)):
            if table is not None and len(table) != len(space):
                raise BundleError(f"the tag space has {len(space)} stems, but the table of {name} has {len(table)}")
        self.space = space
        self.trends = trends
        self.tag_map = tag_map
        self._inflections = inflections
        self._temperature = temperature
        self._ranking = Ranking(space, cooccurrence, temperature)
        self._eligibility = Eligibility(space, denied, kinds, languages)
        self.evidence = Evidence(self._ranking, self._eligibility, classes)
        self._candidates = partial(
            Candidates.find,
            ranking=self._ranking,
            evidence=self.evidence,
            eligibility=self._eligibility,
            show=self._show_row,
        )

    @property
    def languages(self) -> list[str]:
        """ISO 639-1 codes of the languages to choose from, the most used first."""
        return self._eligibility.languages

    def require_language(self, code: str | None) -> None:
        """Raise UnknownLanguage unless a language is one of those to choose from, or none is asked for."""
        self._eligibility.require_language(code)

    @property
    def ranks(self) -> list[Rank]:
        """The ranks available: all, or without dates all but `trending`."""
        return [rank for rank in get_args(Rank) if rank != "trending" or self.trends is not None]

    def suggest(
        self,
        vector: ArrayLike,
        probabilities: ArrayLike | None = None,
        *,
        share: float = EVEN,
        k: int = 15,
        min_score: float = 0.0,
        exclude: Iterable[str] = (),
        allow: Iterable[str] = (),
        rank: Rank = "similar",
        platform: PlatformName | None = None,
        language: str | None = None,
        hint: Iterable[str] = (),
        diversity: float = DEFAULT,
        score: Score = unchanged,
    ) -> list[Suggestion]:
        """Suggest hashtags for a clip.

        Parameters
        ----------
        vector, probabilities, share
            See `anchors`.
        k, min_score, exclude, allow, rank, platform, language, hint, diversity
            See `models.tags.suggest_options.SuggestOptions`.
        score : callable
            Maps expected relevance to the score, given that of the most relevant hashtag that may be suggested; must be
            non-decreasing in the former. See `models.calibration`.

        Returns
        -------
        list of Suggestion
            With unique stems.

        Raises
        ------
        ValueError
            If `k` is less than 1, or `anchors` raises it.
        NoDates
            If `rank` is `trending` but the posts have no dates.
        UnknownLanguage
            If `language` is none of `languages`.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, not {k}")
        if rank == "trending" and self.trends is None:
            raise NoDates(NO_DATES)
        self.require_language(language)
        if platform is not None:
            k = platforms()[platform].at_most(k)
        count = k if rank == "similar" else RERANK * k
        pool = max(POOL, count)
        allow = list(allow)
        found = self._candidates(
            self.anchors(vector, probabilities, share),
            pool=pool,
            exclude=list(exclude),
            allow=allow,
            platform=platform,
            language=language,
            hint=list(hint),
        )
        anchors, centre = found.anchors, found.centre
        candidates = list(islice((one for one in found.ranked if found.refusal(one.row) is None), pool))
        most_relevant = candidates[0].relevance if candidates else 0.0
        candidates = list(takewhile(lambda one: score(one.relevance, most_relevant) >= min_score, candidates))
        displays = [self.space.displays[one.row] for one in candidates]
        chosen = diversify(candidates, displays, [one.relevance for one in candidates], count, diversity)
        if rank != "similar":
            use = self.space.counts if self.trends is None or rank == "popular" else self.trends.growth
            # Tags that were asked for stay behind those that fit, however many posts use them.
            best = islice(self._ranking.rank(anchors, count), count) if allow else ()
            least = min((one.relevance for one in best), default=0.0)
            chosen.sort(key=lambda one: (one.relevance < least, -float(use[one.row]) * (one.relevance >= least)))
        return [
            Suggestion(
                tag=self._show_row(one.row, centre),
                score=score(one.relevance, most_relevant),
                distance=self.space.distance(centre, self.space.stems[one.row]),
                rank=place,
                relevance=one.relevance,
            )
            for place, one in enumerate(chosen[:k], 1)
        ]

    def warnings(
        self,
        vector: ArrayLike,
        probabilities: ArrayLike | None = None,
        *,
        share: float = EVEN,
        min_score: float = 0.0,
        exclude: Iterable[str] = (),
        allow: Iterable[str] = (),
        platform: PlatformName | None = None,
        language: str | None = None,
        hint: Iterable[str] = (),
        score: Score = unchanged,
        none_left: bool = False,
    ) -> list[str]:
        """Return what to tell whoever gave these options: which tags are unknown, and why no suggestion is left.

        Parameters
        ----------
        vector, probabilities, share, min_score, exclude, allow, platform, language, hint, score
            As given to `suggest`.
        none_left : bool
            Whether it suggested nothing.
        """
        exclude, allow, hint = list(exclude), list(allow), list(hint)
        sentences = []
        if unknown := [tag for tag in (*exclude, *allow, *hint) if tag not in self.space]:
            sentences.append(f"The model does not know these tags, so they have no effect: {named(unknown)}.")
        if none_left:
            found = self._candidates(
                self.anchors(vector, probabilities, share),
                exclude=exclude,
                allow=allow,
                platform=platform,
                language=language,
                hint=hint,
            )
            asked: dict[int, list[str]] = {}
            for tag in allow:
                if tag in self.space:
                    asked.setdefault(self.space.row(stem(normalise(tag))), []).append(tag)
            options = {"exclude": exclude, "hint": hint, "language": language, "platform": platform}
            sentences.append(
                why_none_is_left(
                    found.ranked,
                    found.refusal,
                    lambda best: score(best, best),
                    min_score,
                    asked=asked if allow else None,
                    narrowed_by=[name for name, value in options.items() if value],
                )
            )
        return sentences

    def anchors(self, vector: ArrayLike, probabilities: ArrayLike | None = None, share: float = EVEN) -> Anchors:
        """Return the tags that a clip may stand for; see `Evidence.anchors`."""
        return self.evidence.anchors(vector, probabilities, share)

    def reasons(
        self,
        tags: Iterable[str],
        vector: ArrayLike,
        probabilities: ArrayLike | None = None,
        *,
        share: float = EVEN,
        hint: Iterable[str] = (),
    ) -> list[list[Reason]]:
        """Return what each of several tags of the space rests on; nothing denied or held back is named, hints apart.

        Parameters
        ----------
        tags : iterable of str
            As suggested.
        vector, probabilities, share, hint
            As given to `suggest`.
        """
        sources = self.evidence.sources(vector, probabilities, share=share, hint=hint)
        return reasons(sources, [self.space.row(stem(normalise(tag))) for tag in tags], self._ranking.cooccurrence)

    def relevance(
        self, tags: Iterable[str], vector: ArrayLike, probabilities: ArrayLike | None = None, *, share: float = EVEN
    ) -> list[float]:
        """Return the expected relevance of several tags of the space to a clip, as given to `anchors`."""
        rows = [self.space.row(stem(normalise(tag))) for tag in tags]
        return list(map(float, self._ranking.relevance(self.anchors(vector, probabilities, share), rows)))

    def place(
        self, vector: ArrayLike, probabilities: ArrayLike | None = None, share: float = EVEN
    ) -> tuple[int, int] | None:
        """Return where a clip lies on the map, as given to `anchors`: amid its anchors; None without a map."""
        if self.tag_map is None:
            return None
        anchors = self.anchors(vector, probabilities, share)
        return self.tag_map.place(anchors.rows, anchors.weights)

    @property
    def classes(self) -> ClassAnchors:
        """What the classes of the image network mean; raises ValueError if there are none."""
        return self.evidence.classes

    def show(self, name: str, vector: ArrayLike) -> str:
        """Return the inflection of a stem to show for a vector; raises UnknownTag if the space has no such stem."""
        return self._show_row(self.space.row(name), vector)

    def denies(self, name: str) -> bool:
        """Return whether a stem of the space is never suggested, whatever the clip and whoever asks."""
        return self._eligibility.denies(self.space.row(name))

    def recognition(self, vector: ArrayLike, probabilities: ArrayLike) -> Recognition:
        """Return how well a clip is recognised, by its vector and the probabilities of its pictures' classes.

        Here, unlike elsewhere, the length of the vector matters, too: it measures the certainty of the direction.
        """
        cosines = self.space.hashtag_vectors @ np.asarray(vector, np.float32)
        return Recognition(
            familiarity=float(familiarity(cosines, self._temperature)), certainty=self.classes.certainty(probabilities)
        )

    def _show_row(self, row: int, vector: ArrayLike) -> str:
        inflections = self._inflections.closest(row, vector) if self._inflections is not None else []
        return next(
            (tag for tag in inflections if not self._eligibility.denies_spelling(tag)), self.space.displays[row]
        )
