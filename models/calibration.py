"""Calibration: turns relevance into a probability, and tells whether a clip resembles the training clips.

Platt scaling ("Probabilistic outputs for support vector machines", 1999) with two variables, fitted on clips and posts
that no other part of the model was trained on.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

MARGIN = 1e-3
"""Relevance is clipped to this distance from 0 and 1: the ranking is never that certain."""


class Calibration(BaseModel):
    """The probability that people would keep a suggested hashtag, and whether to trust an answer.

    The log-odds of a hashtag are `intercept`, plus `relevance` times the log-odds of the expected relevance from the
    ranking, plus `familiarity` times the familiarity of the clip.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    intercept: float
    relevance: float = Field(ge=0)
    familiarity: float = Field(ge=0)
    confident_from: float = Field(ge=0, le=1)
    """The lowest familiarity at which an answer is trusted."""

    def score(self, relevance: float, familiarity: float) -> float:
        """Return the probability that people would keep a hashtag; non-decreasing in both arguments."""
        odds = self.intercept + self.relevance * log_odds(relevance) + self.familiarity * familiarity
        return 1 / (1 + math.exp(-odds)) if odds > -700 else 0.0

    def confident(self, familiarity: float) -> bool:
        """Return whether a clip resembles the training clips."""
        return familiarity >= self.confident_from


def log_odds(relevance: float) -> float:
    """Return the log-odds of a relevance, clipped away from 0 and 1."""
    clipped = min(max(relevance, MARGIN), 1 - MARGIN)
    return math.log(clipped / (1 - clipped))


def familiarity(cosines: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """Return how clearly a clip resembles one trained hashtag (1) rather than all of them equally (0).

    One minus the normalised entropy of the softmax over the clip's cosines to the vectors of all trained hashtags.

    Parameters
    ----------
    cosines : float (..., hashtags)
        Times the length of the clip's vector, which is below 1 where the networks disagree: such clips are less
        familiar.
    temperature : float
        Of the softmax: that of the bundle.

    Returns
    -------
    float64 (...)
    """
    logits = cosines.astype(np.float64) / temperature
    logits -= logits.max(axis=-1, keepdims=True)
    weights = np.exp(logits)
    total = weights.sum(axis=-1)
    entropy = np.log(total) - (weights * logits).sum(axis=-1) / total
    certainty: NDArray[np.float64] = np.clip(1 - entropy / np.log(max(cosines.shape[-1], 2)), 0, 1)
    return certainty
