"""Diversity: maximal marginal relevance (MMR), so that suggestions are not variants of one word.

Carbonell and Goldstein, "The Use of MMR, Diversity-Based Reranking for Reordering Documents and Producing Summaries",
SIGIR 1998.
"""

from collections.abc import Sequence
from typing import TypeVar

DEFAULT = 0.1
"""Relevance that full similarity to a tag already chosen costs, unless somebody wants more or less diversity."""

Item = TypeVar("Item")


def diversify(
    items: Sequence[Item], tags: Sequence[str], relevance: Sequence[float], k: int, weight: float = DEFAULT
) -> list[Item]:
    """Choose `k` items one by one, each with the highest marginal relevance.

    Marginal relevance is relevance minus `weight` times the highest similarity to an item already chosen.

    Parameters
    ----------
    items, tags, relevance : sequences of equal length
        The items, the tag of each, and its relevance. The earlier item wins ties.
    k : int
    weight : float
        Relevance that full similarity costs, 0 (none: the order of relevance) to 1.
    """
    grams = [trigrams(tag) for tag in tags]
    redundancy = [0.0] * len(items)
    remaining = list(range(len(items)))
    chosen: list[Item] = []
    while remaining and len(chosen) < k:
        best = max(remaining, key=lambda index: relevance[index] - weight * redundancy[index])
        remaining.remove(best)
        chosen.append(items[best])
        for index in remaining:
            redundancy[index] = max(redundancy[index], similarity(grams[index], grams[best]))
    return chosen


def trigrams(tag: str) -> frozenset[str]:
    """Return the character trigrams of a tag, with a marker at each end."""
    marked = f"^{tag}$"
    return frozenset(marked[start : start + 3] for start in range(len(marked) - 2))


def similarity(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the overlap coefficient of two non-empty sets, 0 to 1: high for ``gym`` and ``gymlife``."""
    return len(one & other) / min(len(one), len(other))
