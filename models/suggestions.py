"""From a vector in the tag space to the hashtags that are suggested.

Retrieval by L2 distance to the tags' vectors, as in Singh et al., "Learning to Hash-tag Videos with Tag2Vec"
(ICVGIP 2016).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from numpy.typing import ArrayLike

from models.hashtags import normalise, stem
from models.tagspace import TagSpace


@dataclass(frozen=True)
class Suggestion:
    """One suggested hashtag, without its ``#``.

    Attributes
    ----------
    tag : str
        As its users write it most, lower-cased.
    score : float
        0 to 1; falls with the distance.
    distance : float
        L2 between the unit vectors of the clip and the tag, 0 to 2.
    rank : int
        From 1.
    """

    tag: str
    score: float
    distance: float
    rank: int


def suggest(
    space: TagSpace,
    vector: ArrayLike,
    *,
    k: int = 15,
    min_score: float = 0.0,
    exclude: Iterable[str] = (),
) -> list[Suggestion]:
    """Suggest hashtags for a vector: the nearest trained hashtag, then the nearest stems.

    Parameters
    ----------
    space : TagSpace
        Where to look.
    vector : array_like of float, (dimensions,)
        An embedded clip; its direction counts.
    k : int
        At most how many.
    min_score : float
        Nothing with a lower score, be it the trained hashtag.
    exclude : iterable of str
        Tags as typed; what has the same stem is left out, be it the trained hashtag.

    Returns
    -------
    list of Suggestion
        No stem twice; all but the first, where that is the trained hashtag, by rising distance.

    Raises
    ------
    ValueError
        If `k` is less than 1, or the vector has another shape or a number that is not finite.
    """
    if k < 1:
        raise ValueError(f"at least one suggestion must be asked for, not {k}")
    excluded = {stem(normalise(tag)) for tag in exclude}
    found = space.nearest(vector, k + 1 + len(excluded))
    if first := space.nearest_hashtag(vector):
        found = [first, *(neighbour for neighbour in found if neighbour.stem != first.stem)]
    kept = (n for n in found if n.stem not in excluded and score(n.distance) >= min_score)
    return [
        Suggestion(space.display(n.stem), score(n.distance), n.distance, rank)
        for rank, n in zip(range(1, k + 1), kept, strict=False)
    ]


def score(distance: float) -> float:
    """Map an L2 distance between unit vectors, 0 to 2, to 1 to 0."""
    return 1.0 - distance / 2.0
