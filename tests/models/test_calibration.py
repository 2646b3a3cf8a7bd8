import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from scipy.stats import entropy

from models.calibration import FIRST, Calibration, familiarity

CALIBRATION = Calibration(
    intercept=-1,
    relevance=0.8,
    evidence=1.5,
    share_intercept=0.5,
    share_familiarity=-3,
    share_certainty=2,
    any_intercept=-0.5,
    any_slope=0.7,
    confident_from=0.5,
)

share = st.floats(0, 1)
scores = st.lists(share, min_size=1, max_size=FIRST)


@given(share, share, share, share)
def test_score_is_a_non_decreasing_probability(one: float, other: float, low: float, high: float) -> None:
    low, high = sorted((low, high))
    one, other = sorted((one, other))
    assert 0 <= CALIBRATION.score(one, low) <= CALIBRATION.score(other, high) <= 1


@given(st.floats(0.01, 0.99), share)
def test_score_equals_the_formula(relevance: float, known: float) -> None:
    assert CALIBRATION.score(relevance, known) == pytest.approx(expit(-1 + 0.8 * logit(relevance) + 1.5 * known))


@given(share, share)
def test_share_equals_the_formula(known: float, certainty: float) -> None:
    assert CALIBRATION.share(known, certainty) == pytest.approx(expit(0.5 - 3 * known + 2 * certainty))


def test_extreme_odds_do_not_overflow() -> None:
    assert CALIBRATION.model_copy(update={"intercept": -1e6}).score(1, 1) == 0
    assert CALIBRATION.model_copy(update={"share_intercept": 1e6}).share(0, 0) == 1


@given(share)
def test_any_right_equals_the_formula(relevance: float) -> None:
    assert CALIBRATION.any_right(relevance) == pytest.approx(expit(-0.5 + 0.7 * logit(np.clip(relevance, 1e-3, 0.999))))


@given(scores, scores)
def test_confidence_is_by_the_best_of_the_first_five(found: list[float], later: list[float]) -> None:
    confident = CALIBRATION.any_right(max(found[:FIRST])) >= CALIBRATION.confident_from
    assert CALIBRATION.confident(found) == confident
    assert CALIBRATION.confident((found + later)[:FIRST]) == CALIBRATION.confident(found + later)


def test_without_suggestions_nothing_is_trusted() -> None:
    assert not CALIBRATION.model_copy(update={"confident_from": 0}).confident([])


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
