"""Eligibility: which tags may be suggested for a clip, and why others may not.

One check after the other: what the request excludes, deny lists, language, kinds that are held back, platform.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from models.errors import UnknownLanguage
from models.tags.anchors import Anchors
from models.tags.deny_list import DenyList
from models.tags.kinds import NEVER, SENSITIVE, SURE, Kind, TagKinds
from models.tags.languages import ENGLISH, Languages
from models.tags.platforms import PlatformName, platforms
from models.tags.space import TagSpace
from models.tags.stemming import normalise, stem


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What a request and its clip demand of a tag.

    Attributes
    ----------
    excluded : collection of int
        Rows that are not wanted.
    sure : collection of Kind
        Sensitive kinds that the clip surely is of; see `Eligibility.sure`.
    asked : bool
        Whether the tags were asked for by name: other kinds are not held back then.
    language, platform : str, optional
    show : callable
        Returns the inflection that a row would be shown in: a platform judges that.
    """

    excluded: Collection[int]
    sure: Collection[Kind]
    asked: bool
    language: str | None
    platform: PlatformName | None
    show: Callable[[int], str]


class Eligibility:
    """Decides which tags of a space may be suggested.

    Parameters
    ----------
    space : TagSpace
    denied : sequence of DenyList
        Tags on any of these lists are never suggested.
    kinds : TagKinds, optional
        Tags that are held back. Hashtags that clips are trained towards are not.
    languages : Languages, optional
        Of the same tags.
    """

    def __init__(
        self, space: TagSpace, denied: Sequence[DenyList], kinds: TagKinds | None, languages: Languages | None
    ) -> None:
        self._space = space
        self._denied = tuple(denied)
        self._kinds = {
            row: kind
            for name, kind in (kinds.items() if kinds is not None else ())
            if (row := space.stems.row(name)) is not None
        }
        self._trained = {space.row(name) for name in space.hashtags}
        self._verdicts: dict[str, bool] = {}
        self._used = {} if languages is None else {code: languages.used(code) for code in languages.codes}
        self._own = {} if languages is None else {code: languages.mainly(code) for code in languages.codes}

    @property
    def languages(self) -> list[str]:
        """ISO 639-1 codes of the languages to choose from, the most used first."""
        return list(self._used)

    def require_language(self, code: str | None) -> None:
        """Raise UnknownLanguage unless a language is one of those to choose from, or none is asked for."""
        if code is not None and code not in self._used:
            known = f"Known languages: {', '.join(self._used)}." if self._used else "This model knows of none."
            raise UnknownLanguage(f"No tags are known to be of the language {code[:20]!r}. {known}")

    def rows(self, tags: Iterable[str]) -> set[int]:
        """Return the rows of the tags, as typed, that the space has."""
        return {self._space.row(stem(normalise(tag))) for tag in tags if tag in self._space}

    def sure(self, anchors: Anchors) -> set[Kind]:
        """Return the sensitive kinds that a clip with these anchors is surely of."""
        kinds = [self._kinds.get(row) for row in anchors.rows.tolist()]
        return {kind for kind in SENSITIVE if anchors.weights[[one == kind for one in kinds]].sum() >= SURE}

    def refusal(self, row: int, conditions: Conditions) -> str | None:
        """Return why a tag may not be suggested, None if it may."""
        language, platform = conditions.language, conditions.platform
        if row in conditions.excluded:
            return "excluded"
        if self.denies(row):
            return "never suggested"
        if language is not None and not self._used[language][row]:
            return f"not used in the language {language}"
        if not self._fits(row, conditions.sure, conditions.asked, language):
            return "suggested only for clips that surely show it"
        if platform is not None and not platforms()[platform].takes(conditions.show(row)):
            return f"not a hashtag on {platforms()[platform].title}"
        return None

    def denies(self, row: int) -> bool:
        """Return whether a tag is never suggested, whatever the clip and whoever asks."""
        return self._kinds.get(row) in NEVER or self.denies_spelling(self._space.displays[row])

    def denies_spelling(self, tag: str) -> bool:
        """Return whether a deny list has a tag in this spelling."""
        if tag not in self._verdicts:
            self._verdicts[tag] = any(denied.denies(tag) for denied in self._denied)
        return self._verdicts[tag]

    def names(self, row: int, sure: Collection[Kind]) -> bool:
        """Return whether a tag may be named as the reason for another."""
        return self._fits(row, sure, asked=False, language=None) and not self.denies(row)

    def names_thing(self, name: str, rows: Iterable[int], sure: Collection[Kind]) -> bool:
        """Return whether something seen may be named: no word of it, and none of its tags, is denied or sensitive."""
        words = {normalise(word) for word in (name, *name.split())} - {""}
        rows = self.rows(words) | set(rows)
        if any(map(self.denies_spelling, words)) or any(map(self.denies, rows)):
            return False
        return not any((kind := self._kinds.get(row)) in SENSITIVE and kind not in sure for row in rows)

    def _fits(self, row: int, sure: Collection[Kind], asked: bool, language: str | None) -> bool:
        """Return whether the kind of a tag lets it be suggested; words of a language other than English fit it."""
        kind = self._kinds.get(row)
        if kind == "foreign" and language not in (None, ENGLISH) and self._own[language][row]:
            return True
        if kind in SENSITIVE:
            return kind in sure
        return kind is None or asked or row in self._trained
