import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tags.anchors import Anchors


@st.composite
def anchors(draw: st.DrawFn) -> Anchors:
    rows = draw(st.lists(st.integers(0, 20), unique=True, max_size=8))
    weights = np.array(draw(st.lists(st.floats(0, 1), min_size=len(rows), max_size=len(rows))), np.float64)
    total = draw(st.floats(0, 1))
    weights *= total / max(weights.sum(), 1)
    return Anchors(np.array(rows, np.int64), weights, weights ** draw(st.sampled_from([0.5, 1.0])))


def weight_of(anchors: Anchors, row: int) -> tuple[float, float]:
    at = np.flatnonzero(anchors.rows == row)
    return float(anchors.weights[at].sum()), float(anchors.naming[at].sum())


@given(anchors(), anchors(), st.floats(0, 1))
def test_mixture_is_linear_in_every_row(one: Anchors, other: Anchors, share: float) -> None:
    mixed = one.mixed(other, share)
    assert (np.diff(mixed.rows) > 0).all()
    for row in range(21):
        parts = zip(weight_of(one, row), weight_of(other, row), strict=True)
        expected = [(1 - share) * own + share * others for own, others in parts]
        assert weight_of(mixed, row) == pytest.approx(expected if expected[0] > 0 else [0, 0])


@given(anchors(), anchors(), st.floats(0, 1))
def test_mixture_keeps_the_sum_and_the_bounds(one: Anchors, other: Anchors, share: float) -> None:
    mixed = one.mixed(other, share)
    assert mixed.weights.sum() == pytest.approx((1 - share) * one.weights.sum() + share * other.weights.sum())
    assert mixed.weights.sum() <= 1 + 1e-9
    assert (mixed.weights > 0).all()
    assert ((mixed.naming >= mixed.weights - 1e-12) & (mixed.naming <= 1 + 1e-12)).all()


@given(anchors(), anchors())
def test_all_or_nothing_leaves_one_part(one: Anchors, other: Anchors) -> None:
    for share, left in ((0, one), (1, other)):
        mixed = one.mixed(other, share)
        some = np.flatnonzero(left.weights > 0)
        some = some[np.argsort(left.rows[some])]
        np.testing.assert_array_equal(mixed.rows, left.rows[some])
        np.testing.assert_array_equal(mixed.weights, left.weights[some])
        np.testing.assert_array_equal(mixed.naming, left.naming[some])
