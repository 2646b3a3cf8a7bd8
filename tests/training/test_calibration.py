import numpy as np
import pytest

from models.calibration import Calibration
from training.calibration import CONFIDENT, Suggested, fit_calibration
from training.evaluation.reliability import reliability


def drawn(calibration: Calibration, count: int, seed: int) -> Suggested:
    """Suggestions that are kept as often as a calibration says."""
    rng = np.random.default_rng(seed)
    relevance, familiarity = rng.uniform(0.02, 0.98, count), rng.uniform(0, 1, count)
    odds = [calibration.score(*one) for one in zip(relevance, familiarity, strict=True)]
    clip, rank = np.divmod(np.arange(count), 15)
    return Suggested(relevance, familiarity, rank + 1, clip, rng.uniform(size=count) < odds)


TRUE = Calibration(intercept=-1, relevance=0.7, familiarity=2, confident_from=0)


def test_finds_what_suggestions_were_drawn_from() -> None:
    familiarities = np.linspace(0, 1, 101)
    found = fit_calibration(drawn(TRUE, 20_000, 0), familiarities)
    assert found.relevance == pytest.approx(TRUE.relevance, abs=0.1)
    assert found.familiarity == pytest.approx(TRUE.familiarity, abs=0.2)
    assert (familiarities >= found.confident_from).mean() == pytest.approx(CONFIDENT, abs=0.01)
    judged = drawn(TRUE, 6_000, 1)
    quality = reliability(judged.scores(found), judged.kept, judged.by_rank(judged))
    assert quality.ece < 0.04
    assert quality.auc > 0.7
    assert quality.brier < quality.brier_by_rank


def test_what_points_the_wrong_way_gets_no_weight() -> None:
    data = drawn(TRUE, 3_000, 0)
    found = fit_calibration(
        Suggested(data.relevance, 1 - data.familiarity, data.rank, data.clip, data.kept), np.ones(3)
    )
    assert found.familiarity == 0
    assert found.relevance > 0.5


def test_all_kept_is_not_taken_for_certain() -> None:
    data = drawn(TRUE, 300, 0)
    found = fit_calibration(
        Suggested(data.relevance, data.familiarity, data.rank, data.clip, data.relevance > 0), np.ones(3)
    )
    assert 0.9 < found.score(0.5, 0.5) < 1
