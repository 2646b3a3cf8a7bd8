"""The calibrated score, on clips unseen by both the networks and the calibration."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.calibration import Calibration, familiarity
from training.calibration import Suggested, fit_score
from training.evaluation.co_use import Judged, PostSplit, judged_clips
from training.evaluation.folds import FOLDS, Rows
from training.evaluation.reliability import Reliability, reliability

Array = NDArray[np.float32]
Floats = NDArray[np.float64]


def suggested(answers: Sequence[Sequence[Judged]], evidence: Floats) -> Suggested:
    """Tabulate the suggestions for clips; answers and evidence, (n,), are given for each split."""
    rows = [
        (expected, known, rank, clip, kept)
        for clips, known_clips in zip(answers, evidence, strict=True)
        for clip, (answer, known) in enumerate(zip(clips, known_clips, strict=True))
        for rank, (expected, kept) in enumerate(zip(answer.expected, answer.relevant, strict=True), 1)
    ]
    expected, known, rank, clip, kept = (np.array(column) for column in zip(*rows, strict=True))
    return Suggested(expected, known, rank, clip, kept)


def familiarities(splits: Sequence[PostSplit], embedded: Array) -> Floats:
    """Return the familiarity of each clip, float64 (splits, n), from vectors (splits, n, out)."""
    pairs = zip(splits, embedded, strict=True)
    return np.stack([familiarity(vectors @ split.targets.T, split.temperature) for split, vectors in pairs])


def evidence_for(
    splits: Sequence[PostSplit], embedded: Array, probabilities: Array, calibration: Calibration
) -> Floats:
    """Return the evidence for each clip, float64 (splits, n), from vectors (splits, n, out) and class probabilities."""
    pairs = zip(splits, familiarities(splits, embedded), strict=True)
    return np.array(
        [
            [calibration.evidence_for(*one) for one in zip(familiar, map(split.certainty, probabilities), strict=True)]
            for split, familiar in pairs
        ]
    )


def score_quality(
    splits: Sequence[PostSplit],
    labels: Rows,
    fold: Rows,
    embedded: Array,
    answers: Sequence[Sequence[Judged]],
    pairs: Array,
    probabilities: Array,
    calibration: Calibration,
) -> Reliability:
    """Measure the score of each fold, with a calibration fitted on the other folds by networks that never saw it.

    Parameters
    ----------
    splits : sequence of PostSplit
    labels, fold : int64 (n,)
    embedded : float32 (splits, n, out)
    answers : a list for each split
        From `judged_clips`, for `embedded`.
    pairs : float32 (splits, FOLDS, n, out)
        See `training.out_of_fold`.
    probabilities : float32 (n, classes)
        Of the clips' pictures.
    calibration : Calibration
        Its share of classes, fitted on all folds, is used for each.
    """
    known = evidence_for(splits, embedded, probabilities, calibration)
    predicted: list[Floats] = []
    constant: list[Floats] = []
    kept: list[NDArray[np.bool_]] = []
    for number in range(FOLDS):
        seen, judged = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        vectors = pairs[:, number, seen]
        answered = judged_clips(splits, labels[seen], vectors, probabilities[seen], calibration)
        learnt_from = suggested(answered, evidence_for(splits, vectors, probabilities[seen], calibration))
        own = suggested([[clips[row] for row in judged.tolist()] for clips in answers], known[:, judged])
        predicted.append(own.scores(calibration.model_copy(update=fit_score(learnt_from))))
        constant.append(learnt_from.by_rank(own))
        kept.append(own.kept)
    return reliability(np.concatenate(predicted), np.concatenate(kept), np.concatenate(constant))
