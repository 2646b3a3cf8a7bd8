"""Reasons: what makes a tag relevant to a clip.

Relevance is a sum over anchors (`models.tags.ranking`), so the share of each is exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from models.tags.anchors import Anchors
from models.tags.cooccurrence import Cooccurrence

ReasonKind = Literal["hashtag", "seen", "hint"]

MOST: Final = 5
"""Maximum number of reasons per tag."""


@dataclass(frozen=True)
class Reason:
    """A reason for a suggestion.

    Attributes
    ----------
    kind : str
        `hashtag`: motion and pictures match this hashtag; `seen`: recognised in the pictures; `hint`: a hashtag that
        the clip already has.
    name : str
    share : float
        Of the relevance due to reasons that may be named, 0 to 1.
    """

    kind: ReasonKind
    name: str
    share: float


@dataclass(frozen=True, eq=False)
class Source:
    """Anchors that come from one kind of source; rows repeat where several sources have one.

    Attributes
    ----------
    kind : str
    names : sequence of str or None
        The source of each anchor; None: it may not be named.
    anchors : Anchors
    """

    kind: ReasonKind
    names: Sequence[str | None]
    anchors: Anchors


def reasons(sources: Sequence[Source], tags: Sequence[int], cooccurrence: Cooccurrence) -> list[list[Reason]]:
    """Return the reasons for each of several tags, the most important first, `MOST` at most.

    Shares are scaled so that those of the returned reasons sum to one. A tag none of whose reasons may be named has
    none.

    Parameters
    ----------
    sources : sequence of Source
        Of which the anchors of the clip are the sum.
    tags : sequence of int
        Rows of the tags.
    cooccurrence : Cooccurrence
    """
    rows, weights, naming = (
        np.concatenate([getattr(source.anchors, field) for source in sources])
        for field in ("rows", "weights", "naming")
    )
    unique, place = np.unique(rows, return_inverse=True)
    terms = weights[:, None] * cooccurrence.between(unique, tags)[place]
    # A tag that names what is seen may be as relevant as that is likely, whatever its co-occurrences.
    named = naming[:, None] * (rows[:, None] == np.asarray(tags))
    terms = np.where(named.sum(axis=0) > terms.sum(axis=0), named, terms)
    keys = [(source.kind, name) for source in sources for name in source.names]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    sums: NDArray[np.float64] = np.zeros((len(numbers), len(tags)))
    np.add.at(sums, [numbers[key] for key in keys], terms)
    return [_largest(list(numbers), sums[:, column]) for column in range(len(tags))]


def _largest(keys: Sequence[tuple[ReasonKind, str | None]], sums: NDArray[np.float64]) -> list[Reason]:
    most = [number for number in np.argsort(-sums, kind="stable").tolist() if keys[number][1] and sums[number] > 0]
    total = float(sums[most[:MOST]].sum())
    return [
        Reason(kind, name or "", float(sums[number]) / total) for number in most[:MOST] for kind, name in [keys[number]]
    ]
