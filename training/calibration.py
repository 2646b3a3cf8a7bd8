"""Fits the calibration: suggestions for unseen clips against what unseen posts find relevant."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from models.calibration import Calibration, log_odds

CONFIDENT = 0.9
"""Share of unseen clips of trained hashtags whose answers are to be trusted."""

RIDGE = 1e-5
"""Weight of the squared coefficients in the loss, so that suggestions that are always right do not become certain."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Suggested:
    """Suggestions for clips, one a row.

    Attributes
    ----------
    relevance : float64 (n,)
        Expected by the ranking.
    familiarity : float64 (n,)
        Of the clip.
    rank : int64 (n,)
        From 1.
    clip : int64 (n,)
    kept : bool (n,)
        Relevant by posts that the ranking did not see.
    """

    relevance: Floats
    familiarity: Floats
    rank: NDArray[np.int64]
    clip: NDArray[np.int64]
    kept: NDArray[np.bool_]

    def scores(self, calibration: Calibration) -> Floats:
        """Return the probability of each suggestion, float64 (n,)."""
        return np.array([calibration.score(*one) for one in zip(self.relevance, self.familiarity, strict=True)])

    def by_rank(self, judged: "Suggested") -> Floats:
        """Return, for other suggestions, the share of these at the same rank that was kept: a baseline."""
        shares = np.zeros(1 + max(self.rank.max(), judged.rank.max()))
        for rank in np.unique(self.rank):
            shares[rank] = self.kept[self.rank == rank].mean()
        return shares[judged.rank]


def fit_calibration(suggested: Suggested, familiarities: Floats) -> Calibration:
    """Fit the probabilities by maximum likelihood, non-decreasing in relevance and familiarity.

    Parameters
    ----------
    suggested : Suggested
    familiarities : float64 (clips,)
        Of unseen clips of trained hashtags.
    """
    odds = np.array([log_odds(relevance) for relevance in suggested.relevance])
    design = np.column_stack([np.ones(len(odds)), odds, suggested.familiarity])
    signs = np.where(suggested.kept, 1.0, -1.0)

    def loss(weights: Floats) -> tuple[float, Floats]:
        margins = signs * (design @ weights)
        slope = -signs * np.exp(-np.logaddexp(0, margins))
        return (
            float(np.logaddexp(0, -margins).mean()) + RIDGE * float(weights @ weights),
            design.T @ slope / len(signs) + 2 * RIDGE * weights,
        )

    found = minimize(loss, np.zeros(3), jac=True, bounds=[(None, None), (0, None), (0, None)])
    intercept, relevance, familiarity = (round(float(weight), 6) for weight in found.x)
    return Calibration(
        intercept=intercept,
        relevance=relevance,
        familiarity=familiarity,
        confident_from=round(float(np.quantile(familiarities, 1 - CONFIDENT)), 6),
    )
