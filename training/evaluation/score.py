"""The calibrated score, on clips unseen by both the networks and the calibration."""

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from models.calibration import Calibration
from training.calibration import Suggested, fit_score
from training.evaluation.co_use import Judged, PostSplit, judged_clips
from training.evaluation.folds import FOLDS, Rows
from training.evaluation.reliability import Reliability, reliability

Array = NDArray[np.float32]
Floats = NDArray[np.float64]
Answers = Sequence[Sequence[Judged]]


def suggested(trained: Answers, left_out: Answers) -> Suggested:
    """Tabulate the suggestions for clips of both kinds, each a list for each split; see `training.calibration`."""
    rows = chain(_rows(trained, False), _rows(left_out, True))
    relevance, any_right, rank, clip, kept, without = (np.array(column) for column in zip(*rows, strict=True))
    return Suggested(relevance, any_right, rank, clip, kept, without)


def _rows(answers: Answers, left_out: bool) -> Iterator[tuple[float, float, int, int, bool, bool]]:
    for clips in answers:
        for clip, answer in enumerate(clips):
            for rank, (expected, kept) in enumerate(zip(answer.expected, answer.relevant, strict=True), 1):
                yield expected, answer.any_right, rank, clip, kept, left_out


def score_quality(
    splits: Sequence[PostSplit],
    labels: Rows,
    fold: Rows,
    trained: Answers,
    left_out: Answers,
    left_out_rows: Rows,
    pairs: Array,
    probabilities: Array,
    calibration: Calibration,
) -> Reliability:
    """Measure the score of each fold, with a curve fitted on the other folds by networks that never saw it.

    Parameters
    ----------
    splits : sequence of PostSplit
    labels, fold : int64 (n,)
    trained, left_out : a list for each split
        From `judged_clips`: for all clips by networks that saw their hashtag, and for `left_out_rows` by others.
    left_out_rows : int64 (m,)
    pairs : float32 (splits, FOLDS, n, out)
        See `training.out_of_fold`.
    probabilities : float32 (n, classes)
        Of the clips' pictures.
    calibration : Calibration
        Its other curves, fitted on all folds, are used for each.
    """

    def of(answers: Answers, rows: Rows) -> Answers:
        return [[clips[row] for row in rows.tolist()] for clips in answers]

    predicted: list[Floats] = []
    constant: list[Floats] = []
    kept: list[NDArray[np.bool_]] = []
    of_left_out = fold[left_out_rows]
    for number in range(FOLDS):
        seen, judged = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        answered = judged_clips(splits, labels[seen], pairs[:, number, seen], probabilities[seen], calibration)
        learnt_from = suggested(answered, of(left_out, np.flatnonzero(of_left_out != number)))
        own = suggested(of(trained, judged), of(left_out, np.flatnonzero(of_left_out == number)))
        predicted.append(own.scores(calibration.model_copy(update=fit_score(learnt_from))))
        constant.append(learnt_from.by_rank(own))
        kept.append(own.kept)
    return reliability(np.concatenate(predicted), np.concatenate(kept), np.concatenate(constant))
