"""How far probabilities can be trusted: expected calibration error, AUC and Brier score."""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

BINS = 10

Floats = NDArray[np.float64]


class Bin(BaseModel):
    """Answers of about the same probability: how many, the mean probability, and the share that came true."""

    count: int
    predicted: float
    observed: float


class Reliability(BaseModel):
    """Of probabilities against what came true.

    `ece`: mean gap between predicted and observed over bins of equal count (Naeini et al., AAAI 2015);
    `auc`: how often what came true has a higher probability than what did not; `brier`: mean squared error;
    `brier_by_rank`: that of a constant for each rank.
    """

    count: int
    ece: float
    auc: float
    brier: float
    brier_by_rank: float
    bins: list[Bin]


def reliability(predicted: Floats, came_true: NDArray[np.bool_], constant: Floats) -> Reliability:
    """Measure probabilities, (n,), against what came true, (n,), next to other probabilities, `constant`."""
    order = np.argsort(predicted, kind="stable")
    bins = [
        Bin(count=len(rows), predicted=float(predicted[rows].mean()), observed=float(came_true[rows].mean()))
        for rows in np.array_split(order, BINS)
        if len(rows)
    ]
    return Reliability(
        count=len(predicted),
        ece=sum(one.count * abs(one.predicted - one.observed) for one in bins) / len(predicted),
        auc=area_under_curve(predicted[came_true], predicted[~came_true]),
        brier=float(np.square(predicted - came_true).mean()),
        brier_by_rank=float(np.square(constant - came_true).mean()),
        bins=bins,
    )


def area_under_curve(positive: Floats, negative: Floats) -> float:
    """Return the probability that a positive is above a negative, equals counting half; 0.5 where either is empty."""
    if not len(positive) or not len(negative):
        return 0.5
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, "left") + np.searchsorted(ordered, positive, "right")
    return float(below.mean() / (2 * len(negative)))
