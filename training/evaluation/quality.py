"""What `quality.json` and the bundle's manifest say about how good a training is."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from training.evaluation.co_use import CoUseQuality
from training.evaluation.folds import Rows
from training.evaluation.out_of_distribution import StrangersQuality
from training.evaluation.reliability import Reliability
from training.evaluation.zero_shot import ZeroShotQuality

QUALITY = "quality.json"


class HashtagQuality(BaseModel):
    """One hashtag; rates are shares of its clips, between 0 and 1."""

    hashtag: str
    clips: int
    groups: int
    few_groups: bool
    accuracy: float
    top5: float
    svm_accuracy: float
    paper_accuracy: float


class ClassifierQuality(BaseModel):
    """Shares of right answers: over all clips, and the mean of those of the classes."""

    over_clips: float
    over_classes: float

    @classmethod
    def of(cls, right: NDArray[np.bool_], labels: Rows) -> "ClassifierQuality":
        """Sum up which clips were answered rightly, (n,)."""
        by_class = [right[labels == label].mean() for label in np.unique(labels)]
        return cls(over_clips=round(float(right.mean()), 4), over_classes=round(float(np.mean(by_class)), 4))


class BenchmarkQuality(BaseModel):
    """A linear machine on the Fisher vectors of a benchmark's clips, by category."""

    benchmark: str
    classes: int
    clips: int
    svm: ClassifierQuality


class Quality(BaseModel):
    """Measured with each clip's whole group kept out of training, in turn.

    `nearest`: the trained hashtag nearest to the embedded clip; `top5`: the right one is among the nearest five;
    `svm`: a linear machine on the same Fisher vectors and folds; `paper`: the paper's network on them.
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
    strangers: StrangersQuality | None


def read_quality(folder: Path) -> Quality:
    """Return what the evaluation found."""
    return Quality.model_validate_json((folder / QUALITY).read_bytes())
