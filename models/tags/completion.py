"""Completion: the tags of a space that begin with a typed prefix, the most used first."""

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from models.tags.stemming import normalise
from models.tags.suggestions import Suggester

_LETTER = "a"
_LAST = "\U0010ffff"


@dataclass(frozen=True)
class Completed:
    """A tag, and the number of posts of the corpus that use it in any inflection."""

    tag: str
    posts: int


class Completion:
    """Completes tags.

    Parameters
    ----------
    suggester : Suggester
        Tags that it denies are left out.
    """

    def __init__(self, suggester: Suggester) -> None:
        self._suggester = suggester
        self._space = suggester.space
        displays = list(self._space.displays)
        self._rows = np.array(sorted(range(len(displays)), key=displays.__getitem__), np.int32)

    def complete(self, prefix: str, k: int) -> list[Completed]:
        """Return the `k` most used tags that begin with a typed prefix, the most used first; "" matches all.

        Only the most common inflection of each tag counts.
        """
        # Digits alone are not a tag, but some tags begin with them.
        begin = normalise(prefix + _LETTER).removesuffix(_LETTER)
        if prefix and not begin and not normalise(prefix + _LETTER):
            return []
        displays = self._space.displays
        first = bisect_left(self._rows, begin, key=displays.__getitem__)
        last = bisect_left(self._rows, begin + _LAST, key=displays.__getitem__)
        rows = self._rows[first:last]
        found: list[Completed] = []
        for row in rows[np.argsort(-self._space.counts[rows], kind="stable")].tolist():
            if len(found) == k:
                break
            if not self._suggester.denies(self._space.stems[row]):
                found.append(Completed(displays[row], int(self._space.counts[row])))
        return found
