"""The tags that the paper asks for, and what stands in for those that the posts lack."""

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
"""Tags close in meaning, the closest first."""


@dataclass(frozen=True)
class Query:
    """A tag that is asked for, and the one that is shown; None where there is not even a stand-in."""

    asked: str
    shown: str | None

    @property
    def missing(self) -> bool:
        """Whether the posts lack what is asked for."""
        return self.shown is None or stem(normalise(self.shown)) != stem(normalise(self.asked))

    def note(self) -> str | None:
        """Say what is missing and what is shown in its place."""
        if not self.missing:
            return None
        instead = f"#{self.shown} is shown in its place" if self.shown else "and nothing close to it is known either"
        return f"#{self.asked} is missing: too few posts have it to place it; {instead}."


def find(space: TagSpace, asked: str) -> Query:
    """Return the tag itself where the space has it, in any inflection, else the closest stand-in that it has."""
    candidates = (asked, *STAND_INS.get(asked, ()))
    return Query(asked, next((tag for tag in candidates if tag in space), None))
