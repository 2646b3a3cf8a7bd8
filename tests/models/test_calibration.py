import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from scipy.stats import entropy

from models.calibration import FIRST, Calibration, Recognition, familiarity

CALIBRATION = Calibration(
    share_intercept=0.5,
    share_familiarity=-3,
    share_certainty=2,
    any_intercept=-0.5,
    any_relevance=0.7,
    any_familiarity=1.2,
    any_certainty=2.5,
    confident_from=0.5,
    score_intercept=-1,
    score_relevance=0.8,
    score_any=0.4,
)

share = st.floats(0, 1)
scores = st.lists(share, min_size=1, max_size=FIRST)
clips = st.builds(Recognition, share, share)


@given(share, share, share, share)
def test_score_is_a_non_decreasing_probability(one: float, other: float, low: float, high: float) -> None:
    low, high = sorted((low, high))
    one, other = sorted((one, other))
    assert 0 <= CALIBRATION.score(one, low) <= CALIBRATION.score(other, high) <= 1


@given(share, share)
def test_score_equals_the_formula(relevance: float, any_right: float) -> None:
    odds, of_answer = logit(np.clip([relevance, any_right], 1e-3, 0.999))
    assert CALIBRATION.score(relevance, any_right) == pytest.approx(expit(-1 + 0.8 * odds + 0.4 * of_answer))


@given(clips)
def test_share_equals_the_formula(clip: Recognition) -> None:
    assert CALIBRATION.share(clip) == pytest.approx(expit(0.5 - 3 * clip.familiarity + 2 * clip.certainty))


def test_extreme_odds_do_not_overflow() -> None:
    assert CALIBRATION.model_copy(update={"score_intercept": -1e6}).score(1, 1) == 0
    assert CALIBRATION.model_copy(update={"share_intercept": 1e6}).share(Recognition(0, 0)) == 1


@given(share, clips)
def test_any_right_equals_the_formula(relevance: float, clip: Recognition) -> None:
    odds = -0.5 + 0.7 * logit(np.clip(relevance, 1e-3, 0.999)) + 1.2 * clip.familiarity + 2.5 * clip.certainty
    assert CALIBRATION.any_right(relevance, clip) == pytest.approx(expit(odds))


@given(scores, scores, clips)
def test_confidence_is_by_the_best_of_the_first_five(found: list[float], later: list[float], clip: Recognition) -> None:
    confident = CALIBRATION.any_right(max(found), clip) >= CALIBRATION.confident_from
    assert CALIBRATION.confident(found, clip) == confident
    assert CALIBRATION.confident((found + later)[:FIRST], clip) == CALIBRATION.confident(found + later, clip)


def test_without_suggestions_nothing_is_trusted() -> None:
    assert not CALIBRATION.model_copy(update={"confident_from": 0}).confident([], Recognition(1, 1))


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=40))
def test_familiarity_is_one_minus_normalised_entropy(cosines: list[float]) -> None:
    found = familiarity(np.array(cosines), 0.1)
    weights = np.exp(np.array(cosines) / 0.1)
    assert found == pytest.approx(1 - entropy(weights) / np.log(len(cosines)), abs=1e-6)
    assert 0 <= found <= 1


def test_familiarity_is_one_for_one_hashtag_and_zero_for_all() -> None:
    sure, unsure = familiarity(np.array([[1.0, -1, -1, -1], [0.2, 0.2, 0.2, 0.2]], np.float32), 0.1)
    assert sure > 0.99
    assert unsure == pytest.approx(0, abs=1e-6)
    assert familiarity(np.array([0.3]), 0.1) == 1  # a single hashtag leaves no doubt
