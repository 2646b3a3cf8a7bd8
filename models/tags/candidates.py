"""Candidates: the tags that there are to choose from for a clip, and what rules each of them out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.tags.anchors import Anchors
from models.tags.eligibility import Conditions, Eligibility
from models.tags.evidence import Evidence
from models.tags.platforms import PlatformName
from models.tags.ranking import Ranked, Ranking
from models.tags.stemming import normalise, stem

POOL = 200
"""Number of most relevant hashtags to choose from; constant, so that a smaller `k` gives the same first hashtags."""

MANY_MORE = 20
"""Times as many tags to look at if only those of one language are wanted, which may use a tenth of them."""


@dataclass(frozen=True)
class Candidates:
    """The tags that there are to choose from for a clip.

    Attributes
    ----------
    anchors : Anchors
        What the clip may stand for, by hints, too.
    centre : float32 (dimensions,)
        Of the anchors.
    ranked : iterator of Ranked
        The most relevant first.
    refusal : callable
        Returns why the tag of a row may not be suggested, None if it may.
    """

    anchors: Anchors
    centre: NDArray[np.float32]
    ranked: Iterator[Ranked]
    refusal: Callable[[int], str | None]

    @classmethod
    def find(
        cls,
        seen: Anchors,
        ranking: Ranking,
        evidence: Evidence,
        eligibility: Eligibility,
        show: Callable[[int, ArrayLike], str],
        *,
        pool: int = POOL,
        exclude: Sequence[str] = (),
        allow: Sequence[str] = (),
        platform: PlatformName | None = None,
        language: str | None = None,
        hint: Sequence[str] = (),
    ) -> "Candidates":
        """Find the candidates for a clip.

        Parameters
        ----------
        seen : Anchors
            What the clip may stand for as it is seen, without hints.
        ranking, evidence, eligibility
            Of one tag space.
        show : callable
            Returns the inflection in which a row would be shown for a vector: a platform judges that.
        pool : int
            At least as many candidates that are not excluded, if there are.
        exclude, allow, platform, language, hint
            See `models.tags.suggest_options.SuggestOptions`.
        """
        anchors = evidence.hinted(seen, hint)
        centre = ranking.centre(anchors)
        conditions = Conditions(
            excluded=eligibility.rows([*exclude, *hint]),
            sure=eligibility.sure(seen),  # what a clip surely shows is not for hints to say
            asked=bool(allow),
            language=language,
            platform=platform,
            show=lambda row: show(row, centre),
        )
        if allow:
            asked = dict.fromkeys(stem(normalise(tag)) for tag in allow if tag in ranking.space)
            ranked = ranking.rank_among(anchors, asked)
        else:
            wanted = pool + len(conditions.excluded)
            ranked = ranking.rank(anchors, wanted if language is None else MANY_MORE * wanted)
        return cls(anchors, centre, ranked, lambda row: eligibility.refusal(row, conditions))
