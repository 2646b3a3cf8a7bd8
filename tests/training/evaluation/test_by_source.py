import numpy as np
import pytest

from training.clips import Clip
from training.evaluation.by_source import source_judgements
from training.evaluation.folds import FOLDS, source_fold_of
from training.examples import Examples
from training.out_of_fold import OutOfFold

TARGETS = np.eye(3, dtype=np.float32)
SOURCES = 8


def examples(sources: int) -> Examples:
    """Clips of two hashtags from every source, and of a third from one source only."""
    rng = np.random.default_rng(0)
    of = [(label, source) for source in range(sources) for label in (0, 1) for _ in range(3)]
    of += [(2, 0)] * 4
    clips = [
        Clip(path=str(row), category="c", group=f"g{row}", source=f"s{source}") for row, (_, source) in enumerate(of)
    ]
    labels = [label for label, _ in of]
    motion = TARGETS[labels] + rng.normal(0, 0.1, (2, len(of), 3))
    parts = np.concatenate([motion, np.zeros((1, len(of), 3))]).astype(np.float32)
    return Examples.of(clips, [f"tag{label}" for label in labels], parts)


def unseen(data: Examples) -> OutOfFold:
    found = OutOfFold.zeros(np.zeros(len(data.labels), np.int64), source_fold_of(data, 0), 3)
    found.by_source[:] = TARGETS[data.labels]
    found.by_source[0] = TARGETS[1]
    return found


def test_no_source_is_on_both_sides() -> None:
    data = examples(SOURCES)
    fold = source_fold_of(data, 0)
    assert set(fold) == set(range(FOLDS))
    for source in {clip.source for clip in data.clips}:
        assert len({int(fold[row]) for row, clip in enumerate(data.clips) if clip.source == source}) == 1


def test_hashtags_of_one_source_are_not_judged() -> None:
    data = examples(SOURCES)
    found = source_judgements(data, unseen(data), TARGETS, 0)
    assert found is not None
    assert found.judged.tolist() == (data.labels < 2).tolist()
    quality = found.quality(data.labels)
    assert (quality.clips, quality.hashtags) == (6 * SOURCES, 2)
    assert quality.nearest.over_clips == pytest.approx(1 - 1 / quality.clips, abs=1e-4)
    assert quality.top5.over_clips == 1
    assert quality.svm.over_clips == 1
    assert found.accuracy(data.labels == 0) == pytest.approx(1 - 2 / quality.clips, abs=1e-4)
    assert found.svm_accuracy(data.labels == 1) == 1
    assert found.accuracy(data.labels == 2) is None


def test_too_few_sources_are_not_measured() -> None:
    data = examples(FOLDS - 1)
    assert (source_fold_of(data, 0) == -1).all()
    assert source_judgements(data, unseen(data), TARGETS, 0) is None
