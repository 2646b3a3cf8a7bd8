"""The evaluation: all that is measured on clips and posts kept apart, each clip's answer, and the calibration."""

from pathlib import Path

import numpy as np

from models.calibration import Calibration, familiarity
from models.tags.space import TagSpace
from training.evaluation.answers import AnsweredClip, write_answers
from training.evaluation.co_use import Half, co_use_quality, judged_clips
from training.evaluation.folds import FOLDS
from training.evaluation.nearest import hashtag_ranks, svm_answers
from training.evaluation.out_of_distribution import BENCHMARK, strangers_quality
from training.evaluation.quality import QUALITY, BenchmarkQuality, ClassifierQuality, HashtagQuality, Quality
from training.evaluation.score import calibrate, score_quality
from training.evaluation.zero_shot import zero_shot_quality
from training.examples import FEW, Examples, by_category, by_hashtag, target_vectors
from training.out_of_fold import HeldOut
from training.post_splits import HALVES
from training.stage import write_json

CALIBRATION = "calibration.json"


def evaluate(
    out: Path,
    *,
    features: Path,
    vocabulary: Path,
    tag2vec: Path,
    halves: Path,
    held_out: Path,
    strangers: Path,
    seed: int,
) -> None:
    """Measure, and write `QUALITY`, `CALIBRATION` and the answers of `training.evaluation.answers`."""
    space = TagSpace.load(tag2vec)
    examples = by_hashtag(features, vocabulary, space)
    targets = target_vectors(space, examples.classes)
    labels, apart = examples.labels, HeldOut.read(held_out)
    both = [Half(halves, number, examples.classes) for number in range(len(HALVES))]

    answers = judged_clips(both, labels, apart.halves)
    cosines = apart.embedded @ targets.T
    familiar = familiarity(cosines)
    calibration = calibrate(both, apart.halves, answers, familiar)
    write_json(out / CALIBRATION, calibration.model_dump())
    write_answers(
        out,
        [
            AnsweredClip(
                path=clip.path,
                group=clip.group,
                hashtag=clip.hashtag,
                nearest=examples.classes[int(cosines[row].argmax())],
                familiarity=round(float(familiar[row]), 4),
                confident=calibration.confident(float(familiar[row])),
                judged=[half[row] for half in answers],
            )
            for row, clip in enumerate(examples.clips)
        ],
    )

    ranks, by_paper = hashtag_ranks(apart.embedded, labels, targets), hashtag_ranks(apart.paper, labels, targets) == 0
    by_svm = svm_answers(examples, seed) == labels
    quality = Quality(
        folds=FOLDS,
        clips=len(labels),
        nearest=ClassifierQuality.of(ranks < 1, labels),
        top5=ClassifierQuality.of(ranks < 5, labels),
        svm=ClassifierQuality.of(by_svm, labels),
        paper=ClassifierQuality.of(by_paper, labels),
        hashtags=[
            HashtagQuality(
                hashtag=hashtag,
                clips=int((labels == label).sum()),
                groups=examples.groups_of(label),
                few_groups=examples.groups_of(label) < FEW,
                accuracy=_share(ranks[labels == label] < 1),
                top5=_share(ranks[labels == label] < 5),
                svm_accuracy=_share(by_svm[labels == label]),
                paper_accuracy=_share(by_paper[labels == label]),
            )
            for label, hashtag in enumerate(examples.classes)
        ],
        benchmarks=_benchmarks(by_category(features, vocabulary, BENCHMARK), seed),
        co_use=co_use_quality(both, labels, apart.halves, answers, seed),
        score=score_quality(both, labels, apart.fold, apart.halves, answers, apart.pairs),
        zero_shot=zero_shot_quality(space, labels, apart.left_out, apart.embedded, examples.classes),
        strangers=strangers_quality(strangers, calibration),
    )
    write_json(out / QUALITY, quality.model_dump())


def read_calibration(folder: Path) -> Calibration:
    """Return the calibration that `evaluate` fitted."""
    return Calibration.model_validate_json((folder / CALIBRATION).read_bytes())


def _benchmarks(examples: Examples | None, seed: int) -> list[BenchmarkQuality]:
    if examples is None:
        return []
    right = svm_answers(examples, seed) == examples.labels
    return [
        BenchmarkQuality(
            benchmark=BENCHMARK,
            classes=len(examples.classes),
            clips=len(examples.labels),
            svm=ClassifierQuality.of(right, examples.labels),
        )
    ]


def _share(right: np.ndarray) -> float:
    return round(float(right.mean()), 4)
