import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tags.anchors import Anchors
from models.tags.cooccurrence import Cooccurrence
from models.tags.hints import SHARE, hinted

# 0 and 1 go together, and so do 2 and 3; 4 goes with nothing.
COOCCURRENCE = Cooccurrence(
    np.array([0, 1, 2, 3, 4, 4]), np.array([1, 0, 3, 2], np.int32), np.array([0.8, 0.6, 0.7, 0.7], np.float16)
)


def anchors(*weights: float) -> Anchors:
    rows = np.flatnonzero(weights)
    given_weights = np.array(weights)[rows]
    return Anchors(rows, given_weights, given_weights)


def weight(found: Anchors, row: int) -> float:
    return float(found.weights[found.rows == row].sum())


def test_a_hint_decides_between_anchors() -> None:
    unsure = anchors(0.5, 0, 0.5, 0, 0)
    for hint, right, wrong in ((1, 0, 2), (3, 2, 0)):
        found = hinted(unsure, [hint], COOCCURRENCE)
        assert weight(found, right) > 10 * weight(found, wrong)
        assert weight(found, hint) > 0.3


def test_a_hint_that_nothing_goes_with_changes_nothing() -> None:
    sure = anchors(0.7, 0.3, 0, 0, 0)
    for hint in (2, 3, 4):
        found = hinted(sure, [hint], COOCCURRENCE)
        np.testing.assert_allclose(found.weights, sure.weights)
        assert found.rows.tolist() == sure.rows.tolist()


@given(st.lists(st.floats(0, 1), min_size=5, max_size=5), st.sets(st.integers(0, 4)))
def test_anchors_stay_probabilities(weights: list[float], hints: set[int]) -> None:
    total = max(sum(weights), 1)
    before = anchors(*(one / total for one in weights))
    found = hinted(before, sorted(hints), COOCCURRENCE)
    assert len(set(found.rows.tolist())) == len(found.rows)
    assert (found.weights > 0).all()
    assert found.weights.sum() <= max(1, before.weights.sum()) + 1e-6
    assert ((found.naming >= 0) & (found.naming <= 1 + 1e-9)).all()
    if not hints:
        assert found is before
    assert sum(weight(found, hint) for hint in hints) <= SHARE + sum(weights)


def test_the_clip_itself_stays_in_the_mixture() -> None:
    found = hinted(anchors(1, 0, 0, 0, 0), [0], COOCCURRENCE)
    assert weight(found, 0) == pytest.approx(1)
