import numpy as np
import pytest

from models.tagspace import TagSpace
from training.evaluation.zero_shot import NEAREST, zero_shot_quality

RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(60, 20)).astype(np.float32)
STEMS = [f"t{number}" for number in range(60)]
SPACE = TagSpace.from_vectors(STEMS, range(60, 0, -1), STEMS, VECTORS)
TARGETS = np.stack([SPACE.vector(name) for name in STEMS[:4]])
LABELS = np.arange(80) % 4


def test_clips_that_land_on_their_tag() -> None:
    quality = zero_shot_quality(SPACE, LABELS, TARGETS[LABELS], STEMS[:4])
    assert quality.found == quality.over_clips == 1
    assert all(row.median_rank == 1 for row in quality.hashtags)
    assert quality.times_chance == pytest.approx(1 / max(NEAREST / 60, quality.alike))


def test_clips_that_land_anywhere_find_it_by_chance() -> None:
    anywhere = RNG.normal(size=(80 * 20, 20)).astype(np.float32)
    quality = zero_shot_quality(SPACE, np.tile(LABELS, 20), anywhere, STEMS[:4])
    assert quality.found == pytest.approx(quality.chance, abs=0.05)
    assert quality.alike == pytest.approx(quality.chance, abs=0.05)


def test_popular_tags_that_every_clip_finds_are_no_feat() -> None:
    # Nearly all tags are as popular here, and fifteen of them are nearest to the middle of all.
    hub = np.tile(VECTORS.mean(axis=0), (80, 1)).astype(np.float32)
    quality = zero_shot_quality(SPACE, LABELS, hub, STEMS[:4])
    assert quality.alike == pytest.approx((NEAREST - sum(row.found for row in quality.hashtags)) / 56, abs=0.02)
