"""The calibrated score, on clips that neither the network nor the calibration has ever had to do with."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.calibration import Calibration, familiarity
from training.calibration import Suggested, fit_calibration
from training.evaluation.co_use import Half, Judged, judged_clips
from training.evaluation.folds import FOLDS, Rows
from training.evaluation.reliability import Reliability, reliability

Array = NDArray[np.float32]
Floats = NDArray[np.float64]


def suggested(answers: Sequence[Sequence[Judged]], familiarities: Floats) -> Suggested:
    """Lay out what was suggested for clips by each half: a list of answers and familiarities (n,) for each."""
    rows = [
        (expected, familiar, rank, clip, kept)
        for half, familiar_half in zip(answers, familiarities, strict=True)
        for clip, (answer, familiar) in enumerate(zip(half, familiar_half, strict=True))
        for rank, (expected, kept) in enumerate(zip(answer.expected, answer.relevant, strict=True), 1)
    ]
    expected, familiar, rank, clip, kept = (np.array(column) for column in zip(*rows, strict=True))
    return Suggested(expected, familiar, rank, clip, kept)


def familiarities(halves: Sequence[Half], embedded: Array) -> Floats:
    """Return how familiar each clip is, float64 (halves, n), from vectors (halves, n, out)."""
    return np.stack([familiarity(vectors @ half.targets.T) for half, vectors in zip(halves, embedded, strict=True)])


def score_quality(
    halves: Sequence[Half],
    labels: Rows,
    fold: Rows,
    embedded: Array,
    answers: Sequence[Sequence[Judged]],
    pairs: Array,
) -> Reliability:
    """Measure the score, fitted for each fold on the other folds by networks that never saw that fold.

    Parameters
    ----------
    halves : sequence of Half
    labels, fold : int64 (n,)
    embedded : float32 (halves, n, out)
    answers : a list for each half
        Of `judged_clips`, for `embedded`.
    pairs : float32 (halves, FOLDS, n, out)
        See `training.out_of_fold`.
    """
    familiar = familiarities(halves, embedded)
    predicted: list[Floats] = []
    constant: list[Floats] = []
    kept: list[NDArray[np.bool_]] = []
    for number in range(FOLDS):
        seen, judged = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        vectors = pairs[:, number, seen]
        learnt_from = suggested(judged_clips(halves, labels[seen], vectors), familiarities(halves, vectors))
        calibration = fit_calibration(learnt_from, familiar.ravel())
        own = suggested([[half[row] for row in judged.tolist()] for half in answers], familiar[:, judged])
        predicted.append(own.scores(calibration))
        constant.append(learnt_from.by_rank(own))
        kept.append(own.kept)
    return reliability(np.concatenate(predicted), np.concatenate(kept), np.concatenate(constant))


def calibrate(
    halves: Sequence[Half], embedded: Array, answers: Sequence[Sequence[Judged]], familiar: Floats
) -> Calibration:
    """Fit the calibration that is used, on all clips; `familiar`, (n,): how they are in the bundle's own space."""
    return fit_calibration(suggested(answers, familiarities(halves, embedded)), familiar)
