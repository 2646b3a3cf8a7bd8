import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import softmax

from models.tags.space import TagSpace
from training.evaluation.zero_shot import ALIKE, NEAREST, ZeroShotQuality, mean_meaning, zero_shot_quality

RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(200, 20)).astype(np.float32)
VECTORS[3] = VECTORS[0] / np.linalg.norm(VECTORS[0]) + VECTORS[1] / np.linalg.norm(VECTORS[1])
STEMS = [f"t{number}" for number in range(200)]
SPACE = TagSpace.from_vectors(STEMS, range(200, 0, -1), STEMS, VECTORS)
HASHTAGS = STEMS[:5]
TARGETS = np.stack([SPACE.vector(name) for name in HASHTAGS])
LABELS = np.arange(100) % 5


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def quality(left_out: NDArray[np.float32], embedded: NDArray[np.float32]) -> ZeroShotQuality:
    return zero_shot_quality(SPACE, LABELS, left_out, embedded, HASHTAGS, 0.1)


def test_mean_meaning_is_weighed_by_the_softmax_of_the_cosines() -> None:
    clips = unit(RNG.normal(size=(7, 20)))
    expected = unit(softmax(clips.astype(np.float64) @ TARGETS.T / 0.1, axis=1) @ TARGETS)
    np.testing.assert_allclose(mean_meaning(clips, TARGETS, 0.1), expected, atol=1e-5)


def test_a_hashtag_between_two_others_is_found() -> None:
    left_out = TARGETS[LABELS].copy()
    left_out[LABELS == 3] = unit(1.1 * TARGETS[[0]] + TARGETS[[1]])
    third = quality(left_out, TARGETS[LABELS]).hashtags[3]
    assert third.found == 1
    assert third.median_rank <= 2


def test_a_tag_between_all_hashtags_is_no_success() -> None:
    everywhere = np.tile(unit(TARGETS[[0]] + TARGETS[[1]]), (100, 1))
    measured = quality(everywhere, everywhere)
    assert measured.hashtags[3].found == measured.hashtags[3].others == 1
    assert measured.found == pytest.approx(measured.others)
    assert measured.times_chance <= 1


def test_equals_counting_one_by_one() -> None:
    left_out, embedded = unit(RNG.normal(size=(100, 20))), unit(RNG.normal(size=(100, 20)))
    tags = np.stack([SPACE.vector(name) for name in STEMS])

    def nearest(clip: NDArray[np.float32], without: int) -> list[int]:
        point = mean_meaning(clip[None], np.delete(TARGETS, without, axis=0), 0.1)[0]
        return [int(tag) for tag in np.argsort(np.linalg.norm(tags - point, axis=1))[:NEAREST]]

    for label, row in enumerate(quality(left_out, embedded).hashtags):
        own = [nearest(clip, label) for clip in left_out[label == LABELS]]
        others = [nearest(clip, label) for clip in embedded[label != LABELS]]
        around = [tag for tag in range(label + ALIKE + 1) if tag >= len(HASHTAGS)]  # tags are listed by popularity
        assert row.found == pytest.approx(np.mean([label in found for found in own]))
        assert row.others == pytest.approx(np.mean([label in found for found in others]))
        assert row.alike == pytest.approx(np.mean([[tag in found for tag in around] for found in own]))
        by_network = [np.argsort(-tags @ clip)[:NEAREST] for clip in left_out[label == LABELS]]
        assert row.by_network == pytest.approx(np.mean([label in found for found in by_network]))
