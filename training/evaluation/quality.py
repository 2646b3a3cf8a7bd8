"""The measured quality of a training: what `quality.json` and the manifest of the bundle hold."""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from training.artifacts import Artifacts
from training.evaluation.co_use import CoUseQuality
from training.evaluation.first_five import FirstFiveQuality
from training.evaluation.folds import Rows
from training.evaluation.open_world import OpenWorldQuality, read_open_world
from training.evaluation.out_of_distribution import OutOfDistributionQuality
from training.evaluation.reliability import Reliability
from training.evaluation.zero_shot import ZeroShotQuality

QUALITY = "quality.json"


class HashtagQuality(BaseModel):
    """One hashtag; accuracies are shares of its clips, between 0 and 1.

    `source_accuracy`, `source_svm_accuracy`: by source, of the clips that these can judge; None if there are none.
    """

    hashtag: str
    clips: int
    groups: int
    few_groups: bool
    accuracy: float
    top5: float
    svm_accuracy: float
    paper_accuracy: float
    source_accuracy: float | None
    source_svm_accuracy: float | None


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
    """A linear SVM on the vectors of a benchmark's clips, by category."""

    benchmark: str
    classes: int
    clips: int
    svm: ClassifierQuality


class SourceQuality(BaseModel):
    """As in `Quality`, but each clip's whole source is unseen by what answers it.

    Only clips whose hashtag was learnt from other sources are judged; `hashtags` is the number of theirs.
    """

    clips: int
    hashtags: int
    nearest: ClassifierQuality
    top5: ClassifierQuality
    svm: ClassifierQuality


class Quality(BaseModel):
    """Cross-validated: each clip's whole group is unseen by what answers it.

    `nearest`: the trained hashtag nearest to the embedded clip is the right one; `top5`: it is among the nearest five;
    `svm`: a linear SVM on the same vectors and folds; `paper`: the paper's network on the same; `by_source`: None if
    there are too few sources. `open_world`: of answers by the whole bundle; None without such clips.
    """

    folds: int
    clips: int
    nearest: ClassifierQuality
    top5: ClassifierQuality
    svm: ClassifierQuality
    paper: ClassifierQuality
    by_source: SourceQuality | None
    hashtags: list[HashtagQuality]
    benchmarks: list[BenchmarkQuality]
    co_use: CoUseQuality
    first_five: FirstFiveQuality
    score: Reliability
    zero_shot: ZeroShotQuality
    out_of_distribution: OutOfDistributionQuality | None
    open_world: OpenWorldQuality | None = None


def read_quality(artifacts: Artifacts) -> Quality:
    """Return the quality that was measured, by the evaluation and on open-world clips."""
    quality = Quality.model_validate_json((artifacts.evaluation / QUALITY).read_bytes())
    answers = read_open_world(artifacts.open_world)
    return quality.model_copy(update={"open_world": OpenWorldQuality.of(answers) if answers else None})
