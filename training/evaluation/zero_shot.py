"""Zero-shot: clips of a hashtag that no clip was ever trained towards, and how often its tag is among the nearest."""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from models.tagspace import TagSpace
from training.evaluation.folds import Rows
from training.examples import stem_of

NEAREST = 15

ALIKE = 50
"""Tags next above and next below in popularity that count as alike."""

Array = NDArray[np.float32]


class HashtagZeroShot(BaseModel):
    """One hashtag left out: the share of its clips that find it, and its middle place among all tags, from 1."""

    hashtag: str
    clips: int
    found: float
    median_rank: float
    alike: float


class ZeroShotQuality(BaseModel):
    """Shares of clips whose own hashtag is among the 15 nearest tags, by a network that saw no clip of it.

    `found`: mean over hashtags; `over_clips`: over all clips; `chance`: 15 of all tags; `alike`: how often the same
    clips find a tag about as popular as their hashtag, no trained one: popular tags may lie where any clip goes.
    `times_chance`: `found` over the larger of the two.
    """

    nearest: int = NEAREST
    tags: int
    found: float
    over_clips: float
    chance: float
    alike: float
    times_chance: float
    hashtags: list[HashtagZeroShot]


def zero_shot_quality(space: TagSpace, labels: Rows, left_out: Array, hashtags: list[str]) -> ZeroShotQuality:
    """Measure clips embedded without their hashtag, float32 (n, out), against all tags of the space."""
    tags = np.stack([space.vector(stem) for stem in space.stems])
    by_popularity = np.argsort(-space.counts, kind="stable")
    trained = [space.row(stem_of(hashtag)) for hashtag in hashtags]
    rows = []
    for label, hashtag in enumerate(hashtags):
        cosines = left_out[labels == label] @ tags.T
        # The margin is for rounding: no tag is nearer than itself.
        places = (cosines > cosines[:, [trained[label]]] + 1e-6).sum(axis=1)
        place = int(np.flatnonzero(by_popularity == trained[label])[0])
        around = by_popularity[max(place - ALIKE, 0) : place + ALIKE + 1]
        nearest = np.argpartition(-cosines, min(NEAREST, cosines.shape[1] - 1), axis=1)[:, :NEAREST]
        alike = np.isin(nearest, np.setdiff1d(around, trained)).sum(axis=1) / max(len(np.setdiff1d(around, trained)), 1)
        rows.append(
            HashtagZeroShot(
                hashtag=hashtag,
                clips=len(cosines),
                found=float((places < NEAREST).mean()),
                median_rank=float(np.median(places)) + 1,
                alike=float(alike.mean()),
            )
        )
    found, alike_found = (float(np.mean([getattr(row, name) for row in rows])) for name in ("found", "alike"))
    chance = NEAREST / len(space)
    return ZeroShotQuality(
        tags=len(space),
        found=found,
        over_clips=float(np.average([row.found for row in rows], weights=[row.clips for row in rows])),
        chance=chance,
        alike=alike_found,
        times_chance=found / max(chance, alike_found),
        hashtags=rows,
    )
