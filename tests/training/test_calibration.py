from dataclasses import replace

import numpy as np
import pytest

from models.calibration import Calibration, Recognition
from training.calibration import Answered, Evidence, Suggested, balanced, fit_any, fit_score, fit_share, logistic
from training.evaluation.reliability import reliability

TRUE = Calibration(
    share_intercept=1,
    share_familiarity=-4,
    share_certainty=3,
    any_intercept=-0.5,
    any_relevance=0.8,
    any_familiarity=1,
    any_certainty=2,
    confident_from=0.9,
    score_intercept=-1,
    score_relevance=0.7,
    score_any=0.5,
)


def drawn(count: int, seed: int) -> Suggested:
    """Suggestions that are kept as often as `TRUE` says."""
    rng = np.random.default_rng(seed)
    relevance, any_right = rng.uniform(0.02, 0.98, (2, count))
    scores = [TRUE.score(*one) for one in zip(relevance, any_right, strict=True)]
    clip, rank = np.divmod(np.arange(count), 15)
    return Suggested(relevance, any_right, rank + 1, clip, rng.uniform(size=count) < scores, clip % 2 > 0)


def evidence(count: int, *, left_out: bool, seed: int = 0) -> Evidence:
    """Clips whose hashtag either networks or classes know, the classes as often as the share of `TRUE`."""
    rng = np.random.default_rng(seed)
    familiarity, certainty = rng.uniform(size=(2, count))
    shares = [TRUE.share(Recognition(*one)) for one in zip(familiarity, certainty, strict=True)]
    by_classes = rng.uniform(size=count) < shares
    return Evidence(
        np.where(by_classes, 0.0, 1.0),
        np.where(by_classes, 1.0, 0.0),
        familiarity,
        certainty,
        np.full(count, left_out),
    )


def certain(count: int, *, networks: float, classes: float, left_out: bool) -> Evidence:
    """Clips that are all alike."""
    middle = np.full(count, 0.5)
    return Evidence(np.full(count, networks), np.full(count, classes), middle, middle, np.full(count, left_out))


def both(one: Evidence, other: Evidence) -> Evidence:
    return Evidence(**{name: np.concatenate([values, vars(other)[name]]) for name, values in vars(one).items()})


def test_score_finds_what_suggestions_were_drawn_from() -> None:
    found = TRUE.model_copy(update=fit_score(drawn(20_000, 0)))
    assert found.score_relevance == pytest.approx(TRUE.score_relevance, abs=0.1)
    assert found.score_any == pytest.approx(TRUE.score_any, abs=0.1)
    judged = drawn(6_000, 1)
    quality = reliability(judged.scores(found), judged.kept, judged.by_rank(judged))
    assert quality.ece < 0.04
    assert quality.auc > 0.7
    assert quality.brier < quality.brier_by_rank


def test_what_points_the_wrong_way_gets_no_weight() -> None:
    data = drawn(3_000, 0)
    found = fit_score(replace(data, any_right=1 - data.any_right))
    assert found["score_any"] == 0
    assert found["score_relevance"] > 0.5


def test_all_kept_is_not_taken_for_certain() -> None:
    data = drawn(300, 0)
    kept = replace(data, kept=data.relevance > 0)
    assert 0.9 < TRUE.model_copy(update=fit_score(kept)).score(0.5, 0.5) < 1


def test_share_is_how_often_classes_know_better() -> None:
    found = fit_share(evidence(20_000, left_out=False))
    for name, value in found.items():
        assert value == pytest.approx(getattr(TRUE, name), abs=0.25)


def test_share_does_not_rise_with_familiarity_nor_fall_with_certainty() -> None:
    data = evidence(3_000, left_out=False)
    turned = Evidence(data.networks, data.classes, 1 - data.familiarity, 1 - data.certainty, data.left_out)
    found = fit_share(turned)
    assert found["share_familiarity"] == found["share_certainty"] == 0


def test_what_neither_knows_decides_nothing() -> None:
    data = evidence(2_000, left_out=False)
    nothing = certain(5_000, networks=0, classes=0, left_out=False)
    assert fit_share(both(data, nothing)) == pytest.approx(fit_share(data), rel=0.02)


def test_both_kinds_of_clips_have_the_same_weight() -> None:
    known = certain(900, networks=1, classes=0, left_out=False)
    left_out = certain(30, networks=0, classes=1, left_out=True)
    found = TRUE.model_copy(update=fit_share(both(known, left_out)))
    assert found.share(Recognition(0.5, 0.5)) == pytest.approx(0.5, abs=0.01)
    assert balanced(np.array([True, False, False])).tolist() == [0.5, 0.25, 0.25]
    assert balanced(np.zeros(4, bool)).tolist() == [0.25] * 4


def answers_drawn(count: int) -> Answered:
    rng = np.random.default_rng(0)
    relevance, familiarity, certainty = rng.uniform(size=(3, count))
    clips = zip(relevance, familiarity, certainty, strict=True)
    right = rng.uniform(size=count) < [TRUE.any_right(most, Recognition(*clip)) for most, *clip in clips]
    return Answered(
        relevance,
        familiarity,
        certainty,
        np.where(right, 3, 0),
        right.astype(np.float64),
        np.arange(count),
        rng.uniform(size=count) < 0.5,
    )


def test_any_finds_what_answers_were_drawn_from() -> None:
    answers = answers_drawn(10_000)
    found = fit_any(answers)
    for name in ("any_intercept", "any_relevance", "any_familiarity", "any_certainty"):
        assert found[name] == pytest.approx(getattr(TRUE, name), abs=0.25)
    predicted = answers.any_right(TRUE.model_copy(update=found))
    assert reliability(predicted, answers.right, predicted).ece < 0.03
    few = answers.of(np.arange(10_000) < 7)
    assert few.most_relevant.tolist() == answers.most_relevant[:7].tolist()
    assert few.right.tolist() == answers.right[:7].tolist()


def test_nine_in_ten_confident_answers_are_right() -> None:
    answers = answers_drawn(10_000)
    calibration = TRUE.model_copy(update=fit_any(answers))
    trusted = answers.any_right(calibration) >= calibration.confident_from
    assert 0.03 < trusted.mean() < 0.9
    assert answers.right[trusted].mean() == pytest.approx(0.9, abs=0.02)


def test_nothing_is_trusted_where_nothing_is_right() -> None:
    answers = answers_drawn(500)
    wrong = replace(answers, rank=answers.rank * 0, right=answers.right * 0)
    assert fit_any(wrong)["confident_from"] == 1


def test_logistic_of_large_numbers() -> None:
    assert logistic(np.array([-1000.0, 0.0, 1000.0])).tolist() == [0, 0.5, 1]
