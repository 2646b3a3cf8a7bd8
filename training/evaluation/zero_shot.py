"""Zero-shot: how often the tag of a hashtag without training clips is among the tags nearest to its clips.

The network itself moves clips to the hashtags that it was trained on, not between them. So a clip is placed at the mean
of those hashtags' vectors, weighted by their probabilities according to the network: a convex combination of semantic
embeddings (ConSE; Norouzi et al., ICLR 2014). The ranking of an answer uses the same weights.
"""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from models.tags.space import TagSpace
from training.evaluation.folds import Rows
from training.examples import stem_of

NEAREST = 15

ALIKE = 50
"""Tags above and below in popularity that count as similarly popular, of each."""

Array = NDArray[np.float32]


class HashtagZeroShot(BaseModel):
    """One hashtag left out: the share of its clips that find it, and its median rank among all tags, from 1.

    `others`: the share of all other clips that find it, placed without it as well; `alike`: how often its clips find
    an untrained tag of similar popularity; `by_network`: the share of its clips that find it from where the network
    itself places them.
    """

    hashtag: str
    clips: int
    found: float
    median_rank: float
    others: float
    alike: float
    by_network: float


class ZeroShotQuality(BaseModel):
    """Shares of clips whose own hashtag is among the 15 nearest tags, by a network that saw no clip of it.

    `found`: mean over hashtags; `over_clips`: over all clips; `others`, `alike`, `by_network`: means over hashtags.
    `chance`: 15 of all tags. `times_chance`: `found` divided by the largest of `chance`, `others` (a tag between all
    hashtags is near every clip) and `alike` (popular tags may be, too).
    """

    nearest: int = NEAREST
    tags: int
    found: float
    over_clips: float
    chance: float
    others: float
    alike: float
    by_network: float
    times_chance: float
    hashtags: list[HashtagZeroShot]


def zero_shot_quality(
    space: TagSpace, labels: Rows, left_out: Array, embedded: Array, hashtags: list[str], temperature: float
) -> ZeroShotQuality:
    """Measure clips against all tags of the space.

    Parameters
    ----------
    labels : int64 (n,)
        Rows of `hashtags`.
    left_out, embedded : float32 (n, out)
        Each clip by a network that saw no clip of its hashtag, and by one that saw none of its group.
    temperature : float
        Of the embedding's softmax.
    """
    tags = np.stack([space.vector(stem) for stem in space.stems])
    by_popularity = np.argsort(-space.counts, kind="stable")
    trained = [space.row(stem_of(hashtag)) for hashtag in hashtags]
    rows = []
    for label, hashtag in enumerate(hashtags):
        own, seen, row = labels == label, np.delete(trained, label), trained[label]
        cosines = mean_meaning(left_out[own], tags[seen], temperature) @ tags.T
        place = int(np.flatnonzero(by_popularity == row)[0])
        around = np.setdiff1d(by_popularity[max(place - ALIKE, 0) : place + ALIKE + 1], trained)
        nearest = np.argpartition(-cosines, min(NEAREST, cosines.shape[1] - 1), axis=1)[:, :NEAREST]
        rows.append(
            HashtagZeroShot(
                hashtag=hashtag,
                clips=len(cosines),
                found=_found(cosines, row),
                median_rank=float(np.median(_ranks(cosines, row))) + 1,
                others=_found(mean_meaning(embedded[~own], tags[seen], temperature) @ tags.T, row),
                alike=float(np.isin(nearest, around).sum(axis=1).mean() / max(len(around), 1)),
                by_network=_found(left_out[own] @ tags.T, row),
            )
        )
    found, others, alike, by_network = (
        float(np.mean([getattr(row, name) for row in rows])) for name in ("found", "others", "alike", "by_network")
    )
    chance = NEAREST / len(space)
    return ZeroShotQuality(
        tags=len(space),
        found=found,
        over_clips=float(np.average([row.found for row in rows], weights=[row.clips for row in rows])),
        chance=chance,
        others=others,
        alike=alike,
        by_network=by_network,
        times_chance=found / max(chance, others, alike),
        hashtags=rows,
    )


def mean_meaning(vectors: Array, hashtags: Array, temperature: float) -> Array:
    """Return the mean of the hashtags' vectors weighted by their probabilities for each clip, scaled to unit length.

    Parameters
    ----------
    vectors : float32 (n, out)
        Clips.
    hashtags : float32 (hashtags, out)
    """
    weights = np.exp((vectors @ hashtags.T - 1) / temperature)
    mean = weights @ hashtags
    return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), np.float32)


def _ranks(cosines: Array, row: int) -> Rows:
    """Count the tags nearer to each clip than the tag of a row."""
    # With a margin for rounding errors: no tag is nearer than itself.
    ranks: Rows = (cosines > cosines[:, [row]] + 1e-6).sum(axis=1)
    return ranks


def _found(cosines: Array, row: int) -> float:
    return float((_ranks(cosines, row) < NEAREST).mean())
