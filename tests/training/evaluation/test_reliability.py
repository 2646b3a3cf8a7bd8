import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score

from training.evaluation.reliability import BINS, reliability

pairs = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=BINS, max_size=60)


@given(pairs)
def test_against_scikit_learn(rows: list[tuple[float, bool]]) -> None:
    predicted, true = np.array([p for p, _ in rows]), np.array([t for _, t in rows])
    found = reliability(predicted, true, np.full(len(rows), true.mean()))
    assert found.brier == pytest.approx(np.mean((predicted - true) ** 2))
    if len(set(true)) == 2:
        assert found.auc == pytest.approx(roc_auc_score(true, predicted))
        assert found.brier == pytest.approx(brier_score_loss(true, predicted))
        assert found.brier_by_rank == pytest.approx(true.mean() * (1 - true.mean()))


@given(pairs)
def test_bins_hold_each_outcome_once(rows: list[tuple[float, bool]]) -> None:
    predicted, true = np.array([p for p, _ in rows]), np.array([t for _, t in rows])
    found = reliability(predicted, true, predicted)
    assert sum(one.count for one in found.bins) == len(rows)
    assert max(one.count for one in found.bins) - min(one.count for one in found.bins) <= 1
    assert sum(one.count * one.observed for one in found.bins) == pytest.approx(true.sum())
    assert abs(predicted.mean() - true.mean()) - 1e-9 <= found.ece <= 1


def test_only_true_probabilities_are_calibrated() -> None:
    rng = np.random.default_rng(0)
    predicted = rng.uniform(size=20_000)
    true = rng.uniform(size=20_000) < predicted
    assert reliability(predicted, true, predicted).ece < 0.02
    assert reliability(predicted**2, true, predicted).ece > 0.1


def test_outcomes_that_are_all_alike() -> None:
    predicted = np.linspace(0, 1, 20)
    for outcome in (True, False):
        assert reliability(predicted, np.full(20, outcome), predicted).auc == 0.5
