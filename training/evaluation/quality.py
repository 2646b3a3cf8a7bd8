"""The measured quality of a training: what `quality.json` and the manifest of the bundle hold."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from training.evaluation.co_use import CoUseQuality
from training.evaluation.folds import Rows
from training.evaluation.out_of_distribution import OutOfDistributionQuality
from training.evaluation.reliability import Reliability
from training.evaluation.zero_shot import ZeroShotQuality

QUALITY = "quality.json"


class HashtagQuality(BaseModel):
    """One hashtag; accuracies are shares of its clips, between 0 and 1."""

    hashtag: str
    clips: int
    groups: int
    few_groups: bool
    accuracy: float
    top5: float
    svm_accuracy: float
    paper_accuracy: float


class ClassifierQuality(BaseModel):
    """Shares of right answers: over all clips, and the mean over classes."""

    over_clips: float
    over_classes: float

    @classmethod
    def of(cls, right: NDArray[np.bool_], labels: Rows) -> "ClassifierQuality":
        """Summarise which clips were answered correctly, (n,)."""
        by_class = [right[labels == label].mean() for label in np.unique(labels)]
        return cls(over_clips=round(float(right.mean()), 4), over_classes=round(float(np.mean(by_class)), 4))


class BenchmarkQuality(BaseModel):
    """A linear SVM on the Fisher vectors of a benchmark's clips, by category."""

    benchmark: str
    classes: int
    clips: int
    svm: ClassifierQuality


class Quality(BaseModel):
    """Cross-validated: each clip's whole group is unseen by what answers it.

    `nearest`: the trained hashtag nearest to the embedded clip is the right one; `top5`: it is among the nearest five;
    `svm`: a linear SVM on the same Fisher vectors and folds; `paper`: the paper's network on the same.
    """

    folds: int
    clips: int
    nearest: ClassifierQuality
    top5: ClassifierQuality
    svm: ClassifierQuality
    paper: ClassifierQuality
    hashtags: list[HashtagQuality]
    benchmarks: list[BenchmarkQuality]
    co_use: CoUseQuality
    score: Reliability
    zero_shot: ZeroShotQuality
    out_of_distribution: OutOfDistributionQuality | None


def read_quality(folder: Path) -> Quality:
    """Return the quality that the evaluation measured."""
    return Quality.model_validate_json((folder / QUALITY).read_bytes())
