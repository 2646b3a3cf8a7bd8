"""Tag arithmetic: the tags nearest to a tag, or to a sum and difference of tags."""

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
    """A tag of a query.

    Attributes
    ----------
    tag : str
        Display form; for a tag that is not in the space, the tag as typed but normalised.
    parts : list of str
        For a tag that is not in the space, the tags that it was split into and that replace it.
    """

    tag: str
    parts: list[str]

    @property
    def warning(self) -> str | None:
        """A sentence saying that the tag was replaced by its parts, if it was."""
        if not self.parts:
            return None
        parts = " and ".join(f"#{part}" for part in self.parts)
        return f"#{self.tag} is not in the tag space; {parts} were used instead."


@dataclass(frozen=True)
class Neighbourhood:
    """The tags of a query by sign, and their nearest neighbours, nearest first."""

    plus: list[Asked]
    minus: list[Asked]
    neighbours: list[Neighbour]
    shown: list[str]
    """Display forms of the neighbours."""

    @property
    def warnings(self) -> list[str]:
        """A sentence for each tag of the query that was replaced by its parts."""
        return [asked.warning for asked in (*self.plus, *self.minus) if asked.warning]


def neighbours(suggester: Suggester, plus: Sequence[str], minus: Sequence[str] = (), k: int = 15) -> Neighbourhood:
    """Find the tags nearest to a sum and difference of tags, such as ``ski + beach - snow``.

    Unit vectors are added and subtracted (Mikolov et al., "Linguistic Regularities in Continuous Space Word
    Representations", NAACL 2013). An unknown tag is replaced by the sum of its parts.

    Parameters
    ----------
    suggester : Suggester
        Tags that it denies are unknown and are never neighbours.
    plus, minus : sequence of str
        Tags as typed, in any inflection, with or without ``#``; at least one.
    k : int
        Number of neighbours, which never include the tags of the query.

    Raises
    ------
    UnknownTag
        If a tag is not in the space and cannot be split into tags that are.
    ValueError
        If the tags cancel out.
    """
    space = suggester.space
    total = np.zeros(space.dimensions)
    query: set[str] = set()
    asked: tuple[list[Asked], list[Asked]] = ([], [])
    for sign, tags, terms in ((1, plus, asked[0]), (-1, minus, asked[1])):
        for tag in tags:
            stems = segment(space, tag)
            if any(suggester.denies(name) for name in stems):
                raise UnknownTag(f"{tag!r} is among the tags that are never suggested. Try another tag.")
            known = tag in space
            shown = space.display(stems[0]) if known else normalise(tag)
            terms.append(Asked(shown, [] if known else [space.display(name) for name in stems]))
            total += sign * unit(_sum(suggester, stems))
            query.update(stems, [stem(normalise(tag))])
    if np.linalg.norm(total) < 1e-6:
        raise ValueError("The tags cancel out. Ask for other tags.")
    nearest = space.nearest(total, 2 * k + len(query))
    found = [one for one in nearest if one.stem not in query and not suggester.denies(one.stem)][:k]
    return Neighbourhood(*asked, found, [suggester.show(neighbour.stem, total) for neighbour in found])


def _sum(suggester: Suggester, stems: Sequence[str]) -> NDArray[np.float64]:
    total: NDArray[np.float64] = np.sum([suggester.space.vector(name) for name in stems], axis=0, dtype=np.float64)
    return total
