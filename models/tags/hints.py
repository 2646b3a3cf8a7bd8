"""Hints: tags that the user has already typed, as evidence of what the clip stands for.

Anchors related to a hint gain weight by Bayes' rule, as if posts of the anchor used the hint as often as it is relevant
to the anchor; and the hint becomes an anchor itself. Its weight in the mixture depends on how far the clip agrees: a
hint unrelated to everything in the clip is more likely to be about something else.
"""

from collections.abc import Collection
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.tags.anchors import Anchors
from models.tags.cooccurrence import Cooccurrence

DOUBT: Final = 0.05
"""Added to the relevance of a hint to an anchor: the smaller it is, the more the related anchors gain."""

SHARE: Final = 1.0
"""Share of hints in the mixture if everything in the clip agrees with them ..."""

HALF: Final = 0.1
"""... and agreement at which they have half of it. All three are fitted on clips whose group the networks did not see,
with posts that the tags were not learnt from (`benchmarks.hints`)."""


def hinted(anchors: Anchors, hints: Collection[int], cooccurrence: Cooccurrence) -> Anchors:
    """Return the anchors of a clip, adjusted for hints.

    Parameters
    ----------
    anchors : Anchors
    hints : collection of int
        Rows of the hints; without any, the anchors stay as they are.
    cooccurrence : Cooccurrence
    """
    changed, named, share = pulled(anchors, hints, cooccurrence)
    return changed.mixed(named, share) if share else anchors


def pulled(anchors: Anchors, hints: Collection[int], cooccurrence: Cooccurrence) -> tuple[Anchors, Anchors, float]:
    """Return what `hinted` mixes: the anchors of a clip, the same rows with other weights, and hints with their share.

    Parameters are those of `hinted`.
    """
    if not hints or not len(anchors.rows):
        return anchors, Anchors(np.zeros(0, np.int64), np.zeros(0), np.zeros(0)), 0.0
    relevance = np.array(
        [[_together(cooccurrence, anchor, hint) for hint in hints] for anchor in anchors.rows.tolist()]
    )
    agreement = float(anchors.weights @ relevance.mean(axis=1))
    factors = np.prod(DOUBT + relevance, axis=1)
    weights = anchors.weights * factors
    weights *= anchors.weights.sum() / weights.sum()
    gains = np.divide(weights, anchors.weights, out=np.ones(len(weights)), where=anchors.weights > 0)
    changed = Anchors(anchors.rows, weights, np.minimum(anchors.naming * gains, 1))
    equal = np.full(len(hints), 1 / len(hints))
    named = Anchors(np.array(sorted(hints), np.int64), equal, equal)
    return changed, named, SHARE * agreement / (agreement + HALF)


def _together(cooccurrence: Cooccurrence, one: int, other: int) -> float:
    """Return how relevant two tags are to each other: the larger of both directions, 1 for the same tag."""
    return 1.0 if one == other else max(_relevance(cooccurrence, one, other), _relevance(cooccurrence, other, one))


def _relevance(cooccurrence: Cooccurrence, stem: int, companion: int) -> float:
    companions, relevance = cooccurrence.row(stem)
    found: NDArray[np.float16] = relevance[companions == companion]
    return float(found[0]) if len(found) else 0.0
