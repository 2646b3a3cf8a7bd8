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


def suggested(answers: Sequence[Sequence[Judged]], familiarities: Floats) -> Suggested:
    """Tabulate the suggestions for clips; answers and familiarities, (n,), are given for each split."""
    rows = [
        (expected, familiar, rank, clip, kept)
        for clips, familiar_clips in zip(answers, familiarities, strict=True)
        for clip, (answer, familiar) in enumerate(zip(clips, familiar_clips, strict=True))
        for rank, (expected, kept) in enumerate(zip(answer.expected, answer.relevant, strict=True), 1)
    ]
    expected, familiar, rank, clip, kept = (np.array(column) for column in zip(*rows, strict=True))
    return Suggested(expected, familiar, rank, clip, kept)


def familiarities(splits: Sequence[PostSplit], embedded: Array) -> Floats:
    """Return the familiarity of each clip, float64 (splits, n), from vectors (splits, n, out)."""
    pairs = zip(splits, embedded, strict=True)
    return np.stack([familiarity(vectors @ split.targets.T, split.temperature) for split, vectors in pairs])


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
    familiar = familiarities(splits, embedded)
    predicted: list[Floats] = []
    constant: list[Floats] = []
    kept: list[NDArray[np.bool_]] = []
    for number in range(FOLDS):
        seen, judged = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        vectors = pairs[:, number, seen]
        answered = judged_clips(splits, labels[seen], vectors, probabilities[seen], calibration)
        learnt_from = suggested(answered, familiarities(splits, vectors))
        own = suggested([[clips[row] for row in judged.tolist()] for clips in answers], familiar[:, judged])
        predicted.append(own.scores(calibration.model_copy(update=fit_score(learnt_from))))
        constant.append(learnt_from.by_rank(own))
        kept.append(own.kept)
    return reliability(np.concatenate(predicted), np.concatenate(kept), np.concatenate(constant))
