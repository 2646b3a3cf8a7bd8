"""Zero-shot: clips of a hashtag that no clip was ever trained towards, and how often its tag is among the nearest.

The network itself brings a clip to the hashtags that it was trained towards, not to what lies between them. So a clip
is put where those hashtags' vectors are on average, each weighed by how likely the network holds it: a convex
combination of semantic embeddings (ConSE; Norouzi et al., ICLR 2014). What is ranked for an answer is weighed alike.
"""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from models.calibration import TEMPERATURE
from models.tags.space import TagSpace
from training.evaluation.folds import Rows
from training.examples import stem_of

NEAREST = 15

ALIKE = 50
"""Tags next above and next below in popularity that count as alike."""

Array = NDArray[np.float32]


class HashtagZeroShot(BaseModel):
    """One hashtag left out: the share of its clips that find it, and its middle place among all tags, from 1.

    `others`: the share of all other clips that find it, no less left out; `alike`: how often its clips find a tag about
    as popular, no trained one; `by_network`: the share of its clips that find it from where the network put them.
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
    `chance`: 15 of all tags. `times_chance`: `found` over the largest of `chance`, `others` (a tag between all hashtags
    is near to every clip) and `alike` (so may popular tags be).
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
    space: TagSpace, labels: Rows, left_out: Array, embedded: Array, hashtags: list[str]
) -> ZeroShotQuality:
    """Measure clips against all tags of the space.

    Parameters
    ----------
    labels : int64 (n,)
        Rows of `hashtags`.
    left_out, embedded : float32 (n, out)
        Each clip by a network that saw no clip of its hashtag, and by one that saw none of its group.
    """
    tags = np.stack([space.vector(stem) for stem in space.stems])
    by_popularity = np.argsort(-space.counts, kind="stable")
    trained = [space.row(stem_of(hashtag)) for hashtag in hashtags]
    rows = []
    for label, hashtag in enumerate(hashtags):
        own, seen, row = labels == label, np.delete(trained, label), trained[label]
        cosines = mean_meaning(left_out[own], tags[seen]) @ tags.T
        place = int(np.flatnonzero(by_popularity == row)[0])
        around = np.setdiff1d(by_popularity[max(place - ALIKE, 0) : place + ALIKE + 1], trained)
        nearest = np.argpartition(-cosines, min(NEAREST, cosines.shape[1] - 1), axis=1)[:, :NEAREST]
        rows.append(
            HashtagZeroShot(
                hashtag=hashtag,
                clips=len(cosines),
                found=_found(cosines, row),
                median_rank=float(np.median(_places(cosines, row))) + 1,
                others=_found(mean_meaning(embedded[~own], tags[seen]) @ tags.T, row),
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


def mean_meaning(vectors: Array, hashtags: Array) -> Array:
    """Return the mean of the hashtags' vectors, each weighed as likely as a clip means it; of unit length.

    Parameters
    ----------
    vectors : float32 (n, out)
        Clips.
    hashtags : float32 (hashtags, out)
    """
    weights = np.exp((vectors @ hashtags.T - 1) / TEMPERATURE)
    mean = weights @ hashtags
    return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), np.float32)


def _places(cosines: Array, row: int) -> Rows:
    """Count the tags that are nearer to each clip than the one of this row."""
    # The margin is for rounding: no tag is nearer than itself.
    places: Rows = (cosines > cosines[:, [row]] + 1e-6).sum(axis=1)
    return places


def _found(cosines: Array, row: int) -> float:
    return float((_places(cosines, row) < NEAREST).mean())
