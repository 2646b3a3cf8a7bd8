"""How good the features and the embedding are, on groups of clips kept apart."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import SVC

from models.tagspace import TagSpace
from training.embedding import EmbeddingSettings, train_embedding
from training.examples import Examples, ExamplesError, by_category, by_hashtag, target_vectors
from training.stage import write_json

QUALITY = "quality.json"

FOLDS = 5
SVM_COST = 100.0
"""C of the linear machine, as is usual for IDT and Fisher vectors."""
FEW = 5
"""Fewer groups than this say little about a hashtag."""

Labels = NDArray[np.int64]


class HashtagQuality(BaseModel):
    """One hashtag; rates are shares of its clips, between 0 and 1."""

    hashtag: str
    clips: int
    groups: int
    few_groups: bool
    accuracy: float
    top5: float
    svm_accuracy: float


class ClassifierQuality(BaseModel):
    """Shares of right answers: over all clips, and the mean of those of the classes."""

    over_clips: float
    over_classes: float


class BenchmarkQuality(BaseModel):
    """A linear machine on the Fisher vectors of a benchmark's clips, by category."""

    benchmark: str
    classes: int
    clips: int
    svm: ClassifierQuality


class Quality(BaseModel):
    """Measured with each clip's whole group kept out of training, in turn.

    `nearest`: the trained hashtag nearest to the embedded clip; `top5`: the right one is among the nearest five;
    `svm`: a linear machine on the same Fisher vectors and folds, for comparison.
    """

    folds: int
    clips: int
    nearest: ClassifierQuality
    top5: ClassifierQuality
    svm: ClassifierQuality
    hashtags: list[HashtagQuality]
    benchmarks: list[BenchmarkQuality]


def evaluate(out: Path, *, features: Path, vocabulary: Path, tag2vec: Path, settings: EmbeddingSettings) -> None:
    """Measure and write the quality file."""
    space = TagSpace.load(tag2vec)
    examples = by_hashtag(features, vocabulary, space)
    ranks = hashtag_ranks(examples, target_vectors(space, examples.classes), settings)
    by_svm = svm_answers(examples, settings.seed) == examples.labels
    hashtags = []
    for label, hashtag in enumerate(examples.classes):
        own = examples.labels == label
        groups = examples.groups_of(label)
        hashtags.append(
            HashtagQuality(
                hashtag=hashtag,
                clips=int(own.sum()),
                groups=groups,
                few_groups=groups < FEW,
                accuracy=_share(ranks[own] < 1),
                top5=_share(ranks[own] < 5),
                svm_accuracy=_share(by_svm[own]),
            )
        )
    benchmarks = []
    if (jhmdb := by_category(features, vocabulary, "jhmdb")) is not None:
        right = svm_answers(jhmdb, settings.seed) == jhmdb.labels
        benchmarks.append(
            BenchmarkQuality(
                benchmark="jhmdb",
                classes=len(jhmdb.classes),
                clips=len(jhmdb.labels),
                svm=_classifier(right, jhmdb.labels),
            )
        )
    quality = Quality(
        folds=FOLDS,
        clips=len(examples.labels),
        nearest=_classifier(ranks < 1, examples.labels),
        top5=_classifier(ranks < 5, examples.labels),
        svm=_classifier(by_svm, examples.labels),
        hashtags=hashtags,
        benchmarks=benchmarks,
    )
    write_json(out / QUALITY, quality.model_dump())


def read_quality(folder: Path) -> Quality:
    """Return what `evaluate` wrote."""
    return Quality.model_validate_json((folder / QUALITY).read_bytes())


def folds(examples: Examples, seed: int) -> Iterator[tuple[Labels, Labels]]:
    """Yield rows to learn from and rows to judge by; no group is in both, and classes are spread evenly."""
    if len(np.unique(examples.groups)) < FOLDS:
        raise ExamplesError(f"the clips come from fewer than {FOLDS} groups: too few to keep some apart.")
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # Of classes with fewer clips than folds; they are marked where they are reported.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        yield from splitter.split(examples.labels, examples.labels, examples.groups)


def hashtag_ranks(examples: Examples, targets: NDArray[np.float32], settings: EmbeddingSettings) -> Labels:
    """Return the place, from 0, of each clip's own hashtag among all, by a network that never saw its group."""
    ranks = np.empty(len(examples.labels), np.int64)
    for number, (seen, unseen) in enumerate(folds(examples, settings.seed), start=1):
        what = f"fold {number} of {FOLDS}"
        network = train_embedding(examples.fisher[seen], examples.labels[seen], targets, settings, what)
        for row in unseen:
            cosines = targets @ network.embed(examples.fisher[row])
            ranks[row] = (cosines > cosines[examples.labels[row]]).sum()
    return ranks


def svm_answers(examples: Examples, seed: int) -> Labels:
    """Return the class that a linear machine, which never saw its group, gives each clip."""
    kernel = (examples.fisher @ examples.fisher.T).astype(np.float64)
    answers = np.empty(len(examples.labels), np.int64)
    for seen, unseen in folds(examples, seed):
        machine = OneVsRestClassifier(SVC(C=SVM_COST, kernel="precomputed"))
        machine.fit(kernel[np.ix_(seen, seen)], examples.labels[seen])
        answers[unseen] = machine.predict(kernel[np.ix_(unseen, seen)])
    return answers


def _share(right: NDArray[np.bool_]) -> float:
    return round(float(right.mean()), 4)


def _classifier(right: NDArray[np.bool_], labels: Labels) -> ClassifierQuality:
    by_class = [right[labels == label].mean() for label in np.unique(labels)]
    return ClassifierQuality(over_clips=_share(right), over_classes=round(float(np.mean(by_class)), 4))
