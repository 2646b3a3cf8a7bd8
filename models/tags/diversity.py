"""Diversity: maximal marginal relevance, so that suggestions are not one word over and over.

Carbonell and Goldstein, "The Use of MMR, Diversity-Based Reranking", SIGIR 1998.
"""

from collections.abc import Sequence
from typing import TypeVar

WEIGHT = 0.1
"""What likeness to a tag that was chosen before costs, in relevance."""

Item = TypeVar("Item")


def diverse(items: Sequence[Item], tags: Sequence[str], relevance: Sequence[float], k: int) -> list[Item]:
    """Choose `k` items one by one: the one of most relevance, less `WEIGHT` times its likeness to any chosen before.

    Parameters
    ----------
    items, tags, relevance : sequences of equal length
        The items in order, how each is written, and its relevance. Where two are as good, the earlier one is taken.
    """
    grams = [trigrams(tag) for tag in tags]
    likest = [0.0] * len(items)
    left = list(range(len(items)))
    chosen: list[Item] = []
    while left and len(chosen) < k:
        best = max(left, key=lambda place: relevance[place] - WEIGHT * likest[place])
        left.remove(best)
        chosen.append(items[best])
        for place in left:
            likest[place] = max(likest[place], likeness(grams[place], grams[best]))
    return chosen


def trigrams(tag: str) -> frozenset[str]:
    """Return the runs of three characters of a tag, its two ends counted as characters."""
    ended = f"^{tag}$"
    return frozenset(ended[place : place + 3] for place in range(len(ended) - 2))


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the overlap of two sets, 0 to 1, as a share of the smaller: ``gym`` is much like ``gymlife``."""
    return len(one & other) / min(len(one), len(other))
