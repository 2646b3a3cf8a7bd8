import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from models.calibration import Calibration, familiarity

CALIBRATION = Calibration(intercept=-1, relevance=0.8, familiarity=1.5, confident_from=0.4)

share = st.floats(0, 1)


@given(share, share, share, share)
def test_score_is_a_non_decreasing_probability(one: float, other: float, low: float, high: float) -> None:
    low, high = sorted((low, high))
    one, other = sorted((one, other))
    assert 0 <= CALIBRATION.score(one, low) <= CALIBRATION.score(other, high) <= 1


def test_equals_the_formula() -> None:
    odds = -1 + 0.8 * np.log(0.3 / 0.7) + 1.5 * 0.6
    assert CALIBRATION.score(0.3, 0.6) == pytest.approx(1 / (1 + np.exp(-odds)))
    assert Calibration(intercept=-1e6, relevance=0, familiarity=0, confident_from=0).score(1, 1) == 0


def test_confidence() -> None:
    assert CALIBRATION.confident(0.4)
    assert not CALIBRATION.confident(0.39)


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
