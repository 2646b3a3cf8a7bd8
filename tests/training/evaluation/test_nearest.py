import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.svm import LinearSVC

from training.clips import Clip
from training.embedding import EmbeddingSettings
from training.evaluation.folds import FOLDS, fold_of, folds
from training.evaluation.nearest import hashtag_ranks, svm_answers
from training.evaluation.paper import PaperNetwork, train_paper_network
from training.examples import Examples, ExamplesError


def examples(labels: np.ndarray, groups: np.ndarray, fisher: np.ndarray | None = None) -> Examples:
    clips = [Clip(path=f"{row}.mp4", category="c", group=str(group)) for row, group in enumerate(groups)]
    data = np.zeros((len(labels), 2), np.float32) if fisher is None else fisher.astype(np.float32)
    classes = [f"tag{label}" for label in range(labels.max() + 1)]
    return Examples(np.stack([data, data[:, ::-1], 0 * data]), labels, groups, classes, clips)


def clusters(rng: np.random.Generator, clips: int = 120, classes: int = 4, noise: float = 0.6) -> Examples:
    labels, groups = np.arange(clips) % classes, np.arange(clips) // 6
    centres = rng.normal(size=(classes, 40))
    return examples(labels, groups, centres[labels] + rng.normal(0, noise, (clips, 40)))


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 11)), min_size=30, max_size=60), st.integers(0, 3))
def test_a_group_is_never_on_both_sides(rows: list[tuple[int, int]], seed: int) -> None:
    labels, groups = np.array(rows).T
    if len(np.unique(groups)) < FOLDS or np.bincount(labels).max() < FOLDS:
        return
    data = examples(labels, groups)
    judged: list[int] = []
    for seen, unseen in folds(data, seed):
        assert not set(groups[seen]) & set(groups[unseen])
        assert sorted([*seen, *unseen]) == list(range(len(rows)))
        judged.extend(unseen)
    assert sorted(judged) == list(range(len(rows)))
    assert set(fold_of(data, seed)) <= set(range(FOLDS))


def test_classes_of_few_clips_are_no_warning() -> None:
    data = clusters(np.random.default_rng(0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(list(folds(examples(np.r_[data.labels[:-1], 9], data.groups), 0))) == FOLDS


def test_too_few_groups_or_clips_of_each_class() -> None:
    with pytest.raises(ExamplesError, match="there are 3 groups, and at most 5 clips of a class"):
        list(folds(clusters(np.random.default_rng(0), clips=18), 0))
    labels, groups = np.arange(12) % 3, np.arange(12)
    with pytest.raises(ExamplesError, match="there are 12 groups, and at most 4 clips of a class"):
        list(folds(examples(labels, groups), 0))
    assert len(list(folds(examples(np.r_[labels, 2], np.r_[groups, 12]), 0))) == FOLDS


def test_the_span_keeps_all_lengths_and_angles() -> None:
    data = clusters(np.random.default_rng(0), clips=12)
    wide = examples(data.labels, data.groups, np.random.default_rng(1).normal(size=(12, 500)))
    narrow = wide.in_their_span()
    assert narrow.vectors.shape[1] <= 36
    before, after = (x.parts.reshape(36, -1) for x in (wide, narrow))
    np.testing.assert_allclose(after @ after.T, before @ before.T, rtol=1e-4, atol=1e-2)


def test_the_svm_is_linear() -> None:
    data = clusters(np.random.default_rng(0), noise=1.5)
    answers = svm_answers(data, 0)
    expected = np.empty_like(answers)
    for seen, unseen in folds(data, 0):
        machine = LinearSVC(C=100, loss="hinge", max_iter=1_000_000, random_state=0, tol=1e-6)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected[unseen] = machine.fit(data.vectors[seen], data.labels[seen]).predict(data.vectors[unseen])
    # Up to the bias, which one regularises and the other does not.
    assert (answers == expected).mean() > 0.9
    assert 0.4 < (answers == data.labels).mean() < 1


def test_ranks() -> None:
    targets = np.eye(3, dtype=np.float32)
    embedded = np.array([[0.9, 0.3, 0.1], [0.1, 0.5, 0.4], [0.5, 0.4, 0.3]], np.float32)
    assert hashtag_ranks(embedded, np.array([0, 2, 2]), targets).tolist() == [0, 1, 2]


def test_the_papers_network_learns_in_the_span() -> None:
    data = clusters(np.random.default_rng(0))
    targets = np.linalg.qr(np.random.default_rng(1).normal(size=(10, 4)))[0].T.astype(np.float32)
    seen, judged = next(folds(data, 0))

    def train(rows: np.ndarray, labels: np.ndarray) -> PaperNetwork:
        return train_paper_network(data.parts[:, rows], labels, targets, EmbeddingSettings(), iterations=50)

    found = train(seen, data.labels[seen]).embed(data.vectors[judged])
    assert (hashtag_ranks(found, data.labels[judged], targets) == 0).mean() > 0.9
    # A direction that no training clip has makes no difference, nor do clips of background classes.
    few = seen[:20]
    beside = np.linalg.svd(data.vectors[few])[2][20:]
    network = train(few, data.labels[few])
    moved = data.vectors[judged] + 5 * beside[0]
    np.testing.assert_allclose(network.embed(data.vectors[judged]), network.embed(moved), atol=1e-2)
    background = np.where(np.isin(seen, few), data.labels[seen], len(targets))
    again = train(seen, background)
    np.testing.assert_allclose(network.embed(data.vectors[judged]), again.embed(data.vectors[judged]), atol=1e-2)
