import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.svm import LinearSVC

from training.config import Config
from training.embedding import EmbeddingSettings
from training.evaluation import FOLDS, folds, hashtag_ranks, read_quality, svm_answers
from training.examples import Examples, ExamplesError


def examples(rng: np.random.Generator, clips: int = 120, classes: int = 4, noise: float = 0.6) -> Examples:
    labels = np.arange(clips) % classes
    groups = np.arange(clips) // 6
    centres = rng.normal(size=(classes, 40))
    fisher = centres[labels] + rng.normal(0, noise, (clips, 40))
    return Examples(fisher.astype(np.float32), labels, groups, [f"tag{label}" for label in range(classes)])


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 11)), min_size=30, max_size=60),
    st.integers(0, 3),
)
def test_a_group_is_never_on_both_sides(rows: list[tuple[int, int]], seed: int) -> None:
    labels, groups = np.array(rows).T
    if len(np.unique(groups)) < FOLDS or np.bincount(labels).max() < FOLDS:
        return
    data = Examples(np.zeros((len(rows), 2), np.float32), labels, groups, list("abcde"))
    judged: list[int] = []
    for seen, unseen in folds(data, seed):
        assert not set(groups[seen]) & set(groups[unseen])
        assert sorted([*seen, *unseen]) == list(range(len(rows)))
        judged.extend(unseen)
    assert sorted(judged) == list(range(len(rows)))


def test_classes_of_few_clips_are_no_warning() -> None:
    data = examples(np.random.default_rng(0))
    data.labels[:2] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(list(folds(Examples(data.fisher, np.r_[data.labels[:-1], 9], data.groups, []), 0))) == FOLDS


def test_too_few_groups() -> None:
    data = examples(np.random.default_rng(0), clips=18)
    with pytest.raises(ExamplesError, match="fewer than 5 groups"):
        list(folds(data, 0))


def test_the_machine_is_a_linear_one() -> None:
    data = examples(np.random.default_rng(0), noise=1.5)
    answers = svm_answers(data, 0)
    expected = np.empty_like(answers)
    for seen, unseen in folds(data, 0):
        machine = LinearSVC(C=100, loss="hinge", max_iter=1_000_000, random_state=0, tol=1e-6)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected[unseen] = machine.fit(data.fisher[seen], data.labels[seen]).predict(data.fisher[unseen])
    # Up to the bias, which one regularises and the other does not.
    assert (answers == expected).mean() > 0.9
    assert 0.4 < (answers == data.labels).mean() < 1


def test_ranks_against_chance_and_against_what_can_be_learnt() -> None:
    rng = np.random.default_rng(0)
    targets = np.linalg.qr(rng.normal(size=(10, 4)))[0].T.astype(np.float32)
    settings = EmbeddingSettings(rank=20, hidden=20, iterations=60)
    data = examples(rng)
    assert (hashtag_ranks(data, targets, settings) == 0).mean() > 0.9
    # Labels that have nothing to do with the clips must not be found: nothing leaks from the clips judged by.
    shuffled = Examples(data.fisher, rng.permutation(data.labels), data.groups, data.classes)
    ranks = hashtag_ranks(shuffled, targets, settings)
    assert 0.1 < (ranks == 0).mean() < 0.4
    assert set(ranks) == {0, 1, 2, 3}


def test_quality_of_a_training(trained: Config) -> None:
    quality = read_quality(trained.work / "evaluation")
    assert quality.clips == 12
    assert [(row.hashtag, row.clips, row.groups, row.few_groups) for row in quality.hashtags] == [
        ("jumping", 6, 6, False),
        ("skating", 6, 6, False),
    ]
    rows = quality.hashtags
    assert quality.nearest.over_classes == pytest.approx(np.mean([row.accuracy for row in rows]), abs=1e-3)
    assert quality.top5.over_clips == 1  # there are but two
    assert quality.svm.over_clips > 0.7  # left and right against up and down
    assert quality.benchmarks == []
