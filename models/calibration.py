"""Calibration: turns relevance into a probability, and tells how far to trust networks, pictures and an answer.

Three logistic curves (Platt, "Probabilistic outputs for support vector machines", 1999), fitted on clips and posts that
no other part of the model was trained on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

MARGIN = 1e-3
"""Relevance is clipped to this distance from 0 and 1: the ranking is never that certain."""


FIRST = 5
"""Suggestions of which one at least should be right."""

CONFIDENT = 0.9
"""Share of the trusted answers for which that holds."""


class Calibration(BaseModel):
    """The probabilities that people would keep a suggested hashtag and that an answer is right, and whom to believe.

    The log-odds of a hashtag are `intercept`, plus `relevance` times the log-odds of the expected relevance from the
    ranking, plus `evidence` times the evidence for the clip: its familiarity to the networks and the certainty of its
    pictures, in the proportion in which the two are mixed.

    Those of the share of the image network's classes in the anchors are `share_intercept`, plus `share_familiarity`
    times that familiarity, plus `share_certainty` times the certainty of the classes.

    Those that one of the first five suggestions at least is right are `any_intercept`, plus `any_slope` times the
    log-odds of the most relevant one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    intercept: float
    relevance: float = Field(ge=0)
    evidence: float = Field(ge=0)
    share_intercept: float
    share_familiarity: float
    share_certainty: float
    any_intercept: float
    any_slope: float = Field(ge=0)
    confident_from: float = Field(ge=0, le=1)
    """The least probability of that at which an answer is trusted."""

    def score(self, relevance: float, evidence: float) -> float:
        """Return the probability that people would keep a hashtag; non-decreasing in both arguments."""
        return _logistic(self.intercept + self.relevance * log_odds(relevance) + self.evidence * evidence)

    def share(self, familiarity: float, certainty: float) -> float:
        """Return the share of the image network's classes in the anchors of a clip."""
        return _logistic(self.share_intercept + self.share_familiarity * familiarity + self.share_certainty * certainty)

    def evidence_for(self, familiarity: float, certainty: float) -> float:
        """Return how much there is to go by for a clip, 0 to 1: what networks and pictures know, as they are mixed."""
        share = self.share(familiarity, certainty)
        return (1 - share) * familiarity + share * certainty

    def any_right(self, relevance: float) -> float:
        """Return the probability that one of the first five suggestions is right, by the largest relevance of these."""
        return _logistic(self.any_intercept + self.any_slope * log_odds(relevance))

    def confident(self, relevance: Sequence[float]) -> bool:
        """Return whether to trust an answer, by the relevance of its suggestions; only the first five count."""
        return bool(relevance) and self.any_right(max(relevance[:FIRST])) >= self.confident_from


def _logistic(odds: float) -> float:
    return 1 / (1 + math.exp(-odds)) if odds > -700 else 0.0


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
