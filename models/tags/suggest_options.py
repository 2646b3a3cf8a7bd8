"""What may be asked of suggestions."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, TypedDict

from models.errors import NoDates
from models.tags.platforms import PlatformName

if TYPE_CHECKING:
    from models.tags.suggestions import Suggester

Rank = Literal["similar", "popular", "trending"]

NO_DATES = "Trending is unavailable: the posts have no dates. Rank by similar or popular instead."


class SuggestOptions(TypedDict, total=False):
    """Options of `Suggester.suggest`.

    Attributes
    ----------
    k : int
        Maximum number of suggestions; 15 by default.
    min_score : float
        Omit suggestions with a lower score.
    exclude : iterable of str
        Tags as typed; omit everything with the same stem.
    allow : iterable of str
        Tags as typed; if there are any, suggest only these stems, even where they are held back (`models.tags.kinds`).
        Tags that the space does not contain are ignored; see `Suggester.warnings`.
    rank : str
        `similar`: by relevance, with few that are spelt alike (`models.tags.diversity`); `popular`: the top 3k of those
        re-ranked by their number of posts; `trending`: re-ranked by the growth in their use. Tags of `allow` that are
        not among the 3k most relevant of all tags come after those that are, by relevance.
    platform : str, optional
        Suggest only what is a hashtag there, and no more than a post may have there (`models.tags.platforms`).
    language : str, optional
        ISO 639-1 code; suggest only tags that posts of this language use (`models.tags.languages`). Words of another
        language than English, which are held back otherwise, are suggested in their own.
    hint : iterable of str
        Tags as typed that are on the clip already: they say what it stands for (`models.tags.hints`) and are not
        suggested again. Denied and unknown ones have no effect.
    diversity : float
        0 (the most relevant, however alike they are spelt) to 1; see `models.tags.diversity`.
    """

    k: int
    min_score: float
    exclude: Iterable[str]
    allow: Iterable[str]
    rank: Rank
    platform: PlatformName | None
    language: str | None
    hint: Iterable[str]
    diversity: float


def require_possible(options: SuggestOptions, suggester: "Suggester") -> None:
    """Check, before any clip is opened, that a model can do what is asked.

    Raises
    ------
    NoDates
        If `rank` is `trending` but the posts have no dates.
    UnknownLanguage
        If no tags are known to be of the language.
    """
    if options.get("rank", "similar") not in suggester.ranks:
        raise NoDates(NO_DATES)
    suggester.require_language(options.get("language"))
