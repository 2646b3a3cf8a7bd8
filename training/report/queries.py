"""The tags that the paper looks up, and replacements for those that the posts lack."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from models.tags.space import TagSpace
from models.tags.stemming import normalise, stem

STAND_INS: Final[Mapping[str, tuple[str, ...]]] = {
    "billiards": ("snooker", "pool"),
    "pushup": ("pressup", "workout", "fitness", "gym"),
    "pushups": ("pressups", "workout", "fitness", "gym"),
    "polevault": ("vault", "highjump", "trackandfield", "athletics", "jump"),
    "kayaking": ("canoe", "paddling", "rowing", "boating"),
    "breast stroke": ("swimming", "swim", "pool"),
}
"""Tags of similar meaning, the closest first."""


@dataclass(frozen=True)
class Query:
    """The tag to look up, and the tag that is shown; None if there is no replacement either."""

    asked: str
    shown: str | None

    @property
    def missing(self) -> bool:
        """Whether the posts lack the tag."""
        return self.shown is None or stem(normalise(self.shown)) != stem(normalise(self.asked))

    def note(self) -> str | None:
        """Return a note on a missing tag and its replacement, if it is missing."""
        if not self.missing:
            return None
        instead = f"#{self.shown} is shown instead" if self.shown else "nor is there a tag of similar meaning"
        return f"#{self.asked} is missing, for too few posts have it; {instead}."


def find(space: TagSpace, asked: str) -> Query:
    """Return the tag itself if the space has it in any inflection, otherwise the closest replacement in the space."""
    candidates = (asked, *STAND_INS.get(asked, ()))
    return Query(asked, next((tag for tag in candidates if tag in space), None))
