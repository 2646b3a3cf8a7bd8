"""The evaluation: what is measured on unseen clips and posts, the answer to each clip, and the calibration."""

from pathlib import Path

import numpy as np

from models.calibration import Calibration, familiarity
from models.tags.space import TagSpace
from training.appearance import appearances_of
from training.artifacts import Artifacts
from training.calibration import fit_any, fit_score, fit_share
from training.config import AppearanceConfig
from training.embedding import EmbeddingSettings
from training.evaluation.answers import AnsweredClip, write_answers
from training.evaluation.by_source import source_judgements
from training.evaluation.co_use import PostSplit, co_use_quality, judged_clips
from training.evaluation.first_five import first_five_quality
from training.evaluation.folds import FOLDS, shortage
from training.evaluation.mixture import answered, evidence, unseen_cases
from training.evaluation.nearest import hashtag_ranks, svm_answers
from training.evaluation.out_of_distribution import BENCHMARK, out_of_distribution_quality
from training.evaluation.persons_posts import PersonsPosts
from training.evaluation.quality import QUALITY, BenchmarkQuality, ClassifierQuality, HashtagQuality, Quality
from training.evaluation.score import score_quality, suggested
from training.evaluation.zero_shot import zero_shot_quality
from training.examples import FEW, Examples, by_category, by_hashtag, target_vectors
from training.json_file import write_json
from training.out_of_fold import OutOfFold
from training.post_splits import SPLITS

CALIBRATION = "calibration.json"


UNFITTED = Calibration(
    share_intercept=0,
    share_familiarity=0,
    share_certainty=0,
    any_intercept=0,
    any_relevance=1,
    any_familiarity=0,
    any_certainty=0,
    confident_from=1,
    score_intercept=0,
    score_relevance=1,
    score_any=0,
)


def evaluate(out: Path, artifacts: Artifacts, *, settings: EmbeddingSettings, appearance: AppearanceConfig) -> None:
    """Measure, and write `QUALITY`, `CALIBRATION` and the answers of `training.evaluation.answers`.

    Parameters
    ----------
    out : Path
    artifacts : Artifacts
    settings : EmbeddingSettings
    appearance : AppearanceConfig
        What the image network can tell is read.
    """
    classes = appearance.image_classes()
    space = TagSpace.load(artifacts.tag2vec)
    examples = by_hashtag(artifacts, space)
    targets = target_vectors(space, examples.classes)
    labels, unseen = examples.labels, OutOfFold.read(artifacts.out_of_fold)
    splits = [
        PostSplit(artifacts.post_splits, number, examples.classes, settings.temperature, classes)
        for number in range(len(SPLITS))
    ]

    probabilities = appearances_of(artifacts, examples.clips).probabilities
    cases = unseen_cases(
        artifacts,
        examples.classes,
        labels,
        unseen,
        probabilities,
        temperature=settings.temperature,
        classes=classes,
    )
    # Each curve is fitted on answers that those before it shape.
    calibration = UNFITTED.model_copy(update=fit_share(evidence(cases)))
    first = answered(cases, calibration, PersonsPosts(artifacts.corpus, {case.stem for case in cases}))
    calibration = calibration.model_copy(update=fit_any(first))
    answers = judged_clips(splits, labels, unseen.post_splits, probabilities, calibration)
    others = np.flatnonzero(unseen.left_out.any(axis=1))
    without = judged_clips(
        splits,
        labels[others],
        unseen.left_out_post_splits[:, others],
        probabilities[others],
        calibration,
        left_out=True,
    )
    calibration = calibration.model_copy(update=fit_score(suggested(answers, without)))
    cosines = unseen.embedded @ targets.T
    familiar = familiarity(cosines, settings.temperature)
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
                confident=bool(first.any_right(calibration)[row] >= calibration.confident_from),
                judged=[clips[row] for clips in answers],
            )
            for row, clip in enumerate(examples.clips)
        ],
    )

    ranks = hashtag_ranks(unseen.embedded, labels, targets)
    by_paper = hashtag_ranks(unseen.paper, labels, targets) == 0
    by_svm = svm_answers(examples, settings.seed) == labels
    by_source = source_judgements(examples, unseen, targets, settings.seed)
    quality = Quality(
        folds=FOLDS,
        clips=len(labels),
        nearest=ClassifierQuality.of(ranks < 1, labels),
        top5=ClassifierQuality.of(ranks < 5, labels),
        svm=ClassifierQuality.of(by_svm, labels),
        paper=ClassifierQuality.of(by_paper, labels),
        by_source=None if by_source is None else by_source.quality(labels),
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
                source_accuracy=None if by_source is None else by_source.accuracy(labels == label),
                source_svm_accuracy=None if by_source is None else by_source.svm_accuracy(labels == label),
            )
            for label, hashtag in enumerate(examples.classes)
        ],
        benchmarks=_benchmarks(by_category(artifacts, BENCHMARK), settings.seed),
        co_use=co_use_quality(splits, labels, unseen.post_splits, answers, settings.seed),
        first_five=first_five_quality(answers, labels, unseen.fold, first, calibration),
        score=score_quality(
            splits,
            labels,
            unseen.fold,
            answers,
            without,
            others,
            unseen.pairs,
            probabilities,
            calibration,
        ),
        zero_shot=zero_shot_quality(
            space, labels, unseen.left_out, unseen.embedded, examples.classes, settings.temperature
        ),
        out_of_distribution=out_of_distribution_quality(artifacts.out_of_distribution),
    )
    write_json(out / QUALITY, quality.model_dump())


def read_calibration(folder: Path) -> Calibration:
    """Return the calibration that `evaluate` fitted."""
    return Calibration.model_validate_json((folder / CALIBRATION).read_bytes())


def _benchmarks(examples: Examples | None, seed: int) -> list[BenchmarkQuality]:
    if examples is None or shortage(examples.labels.tolist(), examples.groups.tolist()):
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
