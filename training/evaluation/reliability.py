"""Reliability of probabilities: expected calibration error, AUC and Brier score."""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from sklearn.metrics import roc_auc_score

BINS = 10

Floats = NDArray[np.float64]


class Bin(BaseModel):
    """Outcomes of similar probability: their number, the mean probability, and the share that came true."""

    count: int
    predicted: float
    observed: float


class Reliability(BaseModel):
    """Predicted probabilities against outcomes.

    `ece`: mean gap between predicted and observed over bins of equal count (Naeini et al., AAAI 2015); `auc`: how often
    an outcome that came true has a higher probability than one that did not, 0.5 if all or none did; `brier`: mean
    squared error; `brier_by_rank`: that of a constant for each rank.
    """

    count: int
    ece: float
    auc: float
    brier: float
    brier_by_rank: float
    bins: list[Bin]


def reliability(predicted: Floats, came_true: NDArray[np.bool_] | Floats, constant: Floats) -> Reliability:
    """Compare probabilities, (n,), with what came true, (n,), beside other probabilities, `constant`, (n,).

    What came true may itself be a probability; for the AUC, it did from one half on.
    """
    likely = came_true >= 0.5
    order = np.argsort(predicted, kind="stable")
    bins = [
        Bin(count=len(rows), predicted=float(predicted[rows].mean()), observed=float(came_true[rows].mean()))
        for rows in np.array_split(order, BINS)
        if len(rows)
    ]
    return Reliability(
        count=len(predicted),
        ece=sum(one.count * abs(one.predicted - one.observed) for one in bins) / len(predicted),
        auc=float(roc_auc_score(likely, predicted)) if 0 < likely.sum() < len(likely) else 0.5,
        brier=float(np.square(predicted - came_true).mean()),
        brier_by_rank=float(np.square(constant - came_true).mean()),
        bins=bins,
    )
