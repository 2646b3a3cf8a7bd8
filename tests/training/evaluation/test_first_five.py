import numpy as np
import pytest

from models.calibration import Calibration, Recognition
from training.calibration import Answered, Flags, Floats, fit_any
from training.evaluation.co_use import Judged
from training.evaluation.first_five import first_five_quality
from training.evaluation.folds import FOLDS, Rows

CALIBRATION = Calibration(
    share_intercept=0,
    share_familiarity=0,
    share_certainty=0,
    any_intercept=0,
    any_relevance=1,
    any_familiarity=0,
    any_certainty=0,
    confident_from=0.9,
    score_intercept=0,
    score_relevance=1,
    score_any=0,
)
CLIP, CLIPS = Recognition(0, 0), 200
LABELS = np.arange(CLIPS) % 2
FOLD = np.arange(CLIPS) % FOLDS


def answers_like(relevance: Floats, rank: Rows, right: Floats, clip: Rows, left_out: Flags) -> Answered:
    """Answers to clips that are neither familiar nor certain."""
    return Answered(relevance, 0 * relevance, 0 * relevance, rank, right, clip, left_out)


def judged(relevant: list[bool]) -> Judged:
    return Judged(tags=["t"] * len(relevant), expected=[0.5] * len(relevant), relevant=relevant, any_right=0.5)


def test_shares_are_means_over_hashtags_by_kind_of_clips() -> None:
    rng = np.random.default_rng(0)
    rank = np.concatenate([np.where(LABELS == 0, 1, 3), np.where(LABELS == 0, 0, rng.integers(0, 2, CLIPS))])
    clips, left_out = np.tile(np.arange(CLIPS), 2), np.repeat([False, True], CLIPS)
    answered = answers_like(np.full(2 * CLIPS, 0.5), rank, (rank > 0).astype(np.float64), clips, left_out)
    few = [True] * 2 + [False] * 3 + [True] * 10
    answers = [[judged(few) for _ in range(CLIPS)], [judged([False] * 15) for _ in range(CLIPS)]]
    quality = first_five_quality(answers, LABELS, FOLD, answered, CALIBRATION)
    assert quality.relevant == 1
    assert (quality.trained.among, quality.trained.first) == (1, 0.5)
    assert quality.left_out is not None
    own = answered.rank[CLIPS:][LABELS == 1] == 1
    assert quality.left_out.among == quality.left_out.first == pytest.approx(own.mean() / 2, abs=1e-4)
    without = first_five_quality(answers, LABELS, FOLD, answered.of(~answered.left_out), CALIBRATION)
    assert without.left_out is None


def test_confidence_is_fitted_on_other_folds() -> None:
    rng = np.random.default_rng(1)
    relevance = rng.uniform(0.3, 1, CLIPS)
    right = rng.uniform(size=CLIPS) < [CALIBRATION.any_right(one, CLIP) ** 0.3 for one in relevance]
    answered = answers_like(
        relevance, right.astype(np.int64), right.astype(np.float64), np.arange(CLIPS), np.zeros(CLIPS, bool)
    )
    found = first_five_quality([[judged([True])] * CLIPS], LABELS, FOLD, answered, CALIBRATION)
    expected, confident = np.zeros(CLIPS), np.zeros(CLIPS, bool)
    for number in range(FOLDS):
        fitted = CALIBRATION.model_copy(update=fit_any(answered.of(np.not_equal(FOLD, number))))
        for row in np.flatnonzero(np.equal(FOLD, number)).tolist():
            expected[row] = fitted.any_right(relevance[row], CLIP)
            confident[row] = fitted.confident([relevance[row]], CLIP)
    assert 0 < confident.sum() < CLIPS
    assert found.trained.right == pytest.approx(right.mean(), abs=1e-4)
    assert found.trained.confident == pytest.approx(confident.mean(), abs=1e-4)
    assert found.trained.right_confident == pytest.approx(right[confident].mean(), abs=1e-4)
    assert found.reliability.brier == pytest.approx(np.mean((expected - right) ** 2))
