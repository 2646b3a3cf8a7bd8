"""The first five suggestions: all that people see, and as many hashtags as some platforms allow."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from models.calibration import FIRST, Calibration
from training.calibration import Answered, balanced, fit_any
from training.evaluation.co_use import Judged
from training.evaluation.folds import FOLDS, Rows
from training.evaluation.reliability import Reliability, reliability


class Named(BaseModel):
    """How often the first five name what a clip shows.

    `among`, `first`: shares of clips with their own hashtag among the five, or as the very first, means over hashtags;
    `right`: the share for which a person finds one of their hashtags among the five (`persons_posts`); `confident`: the
    share of clips that are answered with confidence; `right_confident`: `right` of these; None if there are none.
    """

    clips: int
    among: float
    first: float
    right: float
    confident: float
    right_confident: float | None


class FirstFiveQuality(BaseModel):
    """How the first five fare, for clips that the networks did not see.

    `relevant`: how many are relevant by co-use, the mean over hashtags of the mean over clips; `trained`, `left_out`:
    by networks that saw clips of the hashtag from other groups, or none at all; `reliability`: of the probability that
    one is right, for both kinds of clips, by curves fitted on other folds, as is confidence.
    """

    relevant: float
    trained: Named
    left_out: Named | None
    reliability: Reliability


def first_five_quality(
    answers: Sequence[Sequence[Judged]], labels: Rows, fold: Rows, answered: Answered, calibration: Calibration
) -> FirstFiveQuality:
    """Measure the first five.

    Parameters
    ----------
    answers : a list for each split
        From `judged_clips`.
    labels, fold : int64 (n,)
        Of the clips.
    answered : Answered
        Both kinds of clips.
    calibration : Calibration
        All but its last curve is used.
    """
    hits = np.mean([[sum(one.relevant[:FIRST]) for one in clips] for clips in answers], axis=0)
    of_fold, probability = fold[answered.clip], np.zeros(len(answered.rank))
    confident = np.zeros(len(answered.rank), np.bool_)
    for number in range(FOLDS):
        judged = of_fold == number
        fitted = calibration.model_copy(update=fit_any(answered.of(~judged)))
        probability[judged] = answered.of(judged).any_right(fitted)
        confident[judged] = probability[judged] >= fitted.confident_from

    def named(rows: NDArray[np.bool_]) -> Named:
        own, right, trusted = labels[answered.clip[rows]], answered.right[rows], confident[rows]
        return Named(
            clips=len(own),
            among=_over_labels(answered.rank[rows] > 0, own),
            first=_over_labels(answered.rank[rows] == 1, own),
            right=round(float(right.mean()), 4),
            confident=round(float(trusted.mean()), 4),
            right_confident=round(float(right[trusted].mean()), 4) if trusted.any() else None,
        )

    usual = float(balanced(answered.left_out) @ answered.right)
    return FirstFiveQuality(
        relevant=_over_labels(hits, labels),
        trained=named(~answered.left_out),
        left_out=named(answered.left_out) if answered.left_out.any() else None,
        reliability=reliability(probability, answered.right, np.full(len(probability), usual)),
    )


def _over_labels(values: NDArray[np.floating] | NDArray[np.bool_], labels: Rows) -> float:
    return round(float(np.mean([values[labels == label].mean() for label in np.unique(labels)])), 4)
