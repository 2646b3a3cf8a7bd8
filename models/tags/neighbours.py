"""Neighbours: the tags nearest to one tag, or to several added and taken away."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.errors import UnknownTag
from models.tags.segmentation import segment
from models.tags.space import Neighbour, unit
from models.tags.stemming import normalise, stem
from models.tags.suggestions import Suggester


@dataclass(frozen=True)
class Asked:
    """A tag that was asked about.

    Attributes
    ----------
    tag : str
        In the form most written; as typed, but normalised, where the space has no such tag.
    parts : list of str
        What such a tag was run together from, which stands for it.
    """

    tag: str
    parts: list[str]

    @property
    def warning(self) -> str | None:
        """Say that the tag is not known by itself."""
        if not self.parts:
            return None
        parts = " and ".join(f"#{part}" for part in self.parts)
        return f"The tag space does not know #{self.tag}: {parts} stood in for it."


@dataclass(frozen=True)
class Neighbourhood:
    """What was asked about, with its sign, and the tags near to it, nearest first."""

    plus: list[Asked]
    minus: list[Asked]
    neighbours: list[Neighbour]
    shown: list[str]
    """The neighbours as they are written."""

    @property
    def warnings(self) -> list[str]:
        """What of the tags asked about is not known by itself."""
        return [asked.warning for asked in (*self.plus, *self.minus) if asked.warning]


def neighbours(suggester: Suggester, plus: Sequence[str], minus: Sequence[str] = (), k: int = 15) -> Neighbourhood:
    """Find the tags nearest to a sum of tags: ``ski + beach - snow``.

    A tag's unit vector is added or taken away (Mikolov et al., "Linguistic Regularities in Continuous Space Word
    Representations", NAACL 2013); a tag that is not known is the sum of its parts.

    Parameters
    ----------
    suggester : Suggester
        Of the space; what it never suggests is no neighbour, and not known.
    plus, minus : sequence of str
        Tags as typed, in any inflection, with or without ``#``; one at least.
    k : int
        How many neighbours; those asked about are none.

    Raises
    ------
    UnknownTag
        If the space has never seen one of the tags, nor parts of which it is made.
    ValueError
        If the tags cancel out: nothing is near to nothing.
    """
    space = suggester.space
    total = np.zeros(space.dimensions)
    own: set[str] = set()
    asked: tuple[list[Asked], list[Asked]] = ([], [])
    for sign, tags, told in ((1, plus, asked[0]), (-1, minus, asked[1])):
        for tag in tags:
            stems = segment(space, tag)
            if any(suggester.denies(name) for name in stems):
                raise UnknownTag(f"{tag!r} is not among the tags that are suggested")
            known = tag in space
            shown = space.display(stems[0]) if known else normalise(tag)
            told.append(Asked(shown, [] if known else [space.display(name) for name in stems]))
            total += sign * unit(_sum(suggester, stems))
            own.update(stems, [stem(normalise(tag))])
    if np.linalg.norm(total) < 1e-6:
        raise ValueError("these tags cancel out: ask for other ones")
    found = space.nearest(total, 2 * k + len(own))
    left = [neighbour for neighbour in found if neighbour.stem not in own and not suggester.denies(neighbour.stem)]
    return Neighbourhood(*asked, left[:k], [suggester.show(neighbour.stem, total) for neighbour in left[:k]])


def _sum(suggester: Suggester, stems: Sequence[str]) -> NDArray[np.float64]:
    total: NDArray[np.float64] = np.sum([suggester.space.vector(name) for name in stems], axis=0, dtype=np.float64)
    return total
