"""Calibration: what a suggestion is worth as a probability, and whether a clip is like those that were learnt from.

Platt's logistic curve ("Probabilistic outputs for support vector machines", 1999), of two variables. It is fitted on
clips and posts that nothing else was learnt from.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

TEMPERATURE = 0.1
"""Of the softmax over the cosines of a clip and the trained hashtags; the loss of the embedding has the same."""

UNSURE = 1e-3
"""Relevances nearer than this to 0 or 1 are taken for it: the ranking's own extremes are guesses, too."""


class Calibration(BaseModel):
    """The probability that people would keep a suggested hashtag, and when an answer is to be trusted.

    The log-odds of a hashtag are `intercept` + `relevance` times the log-odds of the ranking's expected relevance
    + `familiarity` times the clip's familiarity.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    intercept: float
    relevance: float = Field(ge=0)
    familiarity: float = Field(ge=0)
    confident_from: float = Field(ge=0, le=1)
    """Least familiarity of a clip whose answer is trusted."""

    def score(self, relevance: float, familiarity: float) -> float:
        """Return the probability that a hashtag of this expected relevance would be kept; never falls with either."""
        odds = self.intercept + self.relevance * log_odds(relevance) + self.familiarity * familiarity
        return 1 / (1 + math.exp(-odds)) if odds > -700 else 0.0

    def confident(self, familiarity: float) -> bool:
        """Tell whether a clip looks like something that was trained on."""
        return familiarity >= self.confident_from


def log_odds(relevance: float) -> float:
    """Return the logarithm of relevance against irrelevance, within bounds."""
    inside = min(max(relevance, UNSURE), 1 - UNSURE)
    return math.log(inside / (1 - inside))


def familiarity(cosines: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return how surely a clip looks like one trained hashtag: 1, or like each as much as like any other: 0.

    One less the entropy of the softmax over its cosines to the vectors of all trained hashtags, as a share of the
    largest that there can be.

    Parameters
    ----------
    cosines : float (..., hashtags)
        Of vectors shorter than 1, times their length: what networks disagree about is less familiar.

    Returns
    -------
    float64 (...)
    """
    logits = cosines.astype(np.float64) / TEMPERATURE
    logits -= logits.max(axis=-1, keepdims=True)
    weights = np.exp(logits)
    total = weights.sum(axis=-1)
    entropy = np.log(total) - (weights * logits).sum(axis=-1) / total
    sure: NDArray[np.float64] = np.clip(1 - entropy / np.log(max(cosines.shape[-1], 2)), 0, 1)
    return sure
