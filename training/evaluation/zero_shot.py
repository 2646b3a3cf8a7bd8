"""Zero-shot: clips of a hashtag that no clip was ever trained towards, and how often its tag is among the nearest."""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from models.tagspace import TagSpace
from training.evaluation.folds import Rows

NEAREST = 15

Array = NDArray[np.float32]


class HashtagZeroShot(BaseModel):
    """One hashtag left out: the share of its clips that find it, and its middle place among all tags, from 1."""

    hashtag: str
    clips: int
    found: float
    median_rank: float
    by_others: float


class ZeroShotQuality(BaseModel):
    """Shares of clips whose own hashtag is among the 15 nearest tags, by a network that saw no clip of it.

    `found`: mean over hashtags; `over_clips`: over all clips; `chance`: 15 of all tags; `by_others`: how often clips of
    all other hashtags, each embedded without its own, find the tag: what it owes to lying where any clip goes.
    `times_chance`: `found` over the larger of the two.
    """

    nearest: int = NEAREST
    tags: int
    found: float
    over_clips: float
    chance: float
    by_others: float
    times_chance: float
    hashtags: list[HashtagZeroShot]


def zero_shot_quality(
    space: TagSpace, targets: Array, labels: Rows, left_out: Array, hashtags: list[str]
) -> ZeroShotQuality:
    """Measure clips embedded without their hashtag, float32 (n, out), against all tags of the space."""
    # How many tags are nearer to a clip than each hashtag; the margin is for rounding: none is nearer than itself.
    tags = np.stack([space.vector(stem) for stem in space.stems])
    cosines = left_out @ targets.T
    pairs = zip(left_out, cosines, strict=True)
    places = np.array([(tags @ vector > own[:, None] + 1e-6).sum(axis=1) for vector, own in pairs])
    found = places < NEAREST
    rows = []
    for label, hashtag in enumerate(hashtags):
        own = labels == label
        rows.append(
            HashtagZeroShot(
                hashtag=hashtag,
                clips=int(own.sum()),
                found=float(found[own, label].mean()),
                median_rank=float(np.median(places[own, label])) + 1,
                by_others=float(found[~own, label].mean()),
            )
        )
    share, others = (float(np.mean([getattr(row, name) for row in rows])) for name in ("found", "by_others"))
    chance = NEAREST / len(space)
    return ZeroShotQuality(
        tags=len(space),
        found=share,
        over_clips=float(found[np.arange(len(labels)), labels].mean()),
        chance=chance,
        by_others=others,
        times_chance=share / max(chance, others),
        hashtags=rows,
    )
