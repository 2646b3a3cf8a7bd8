"""Calibration: tells how far to trust networks, pictures and an answer, and turns relevance into a probability.

Three logistic curves (Platt, "Probabilistic outputs for support vector machines", 1999), fitted on clips and posts that
no other part of the model was trained on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

MARGIN = 1e-3
"""Probabilities are clipped to this distance from 0 and 1: nothing here is that certain."""

FIRST = 5
"""Suggestions of which one at least should be right."""

CONFIDENT = 0.9
"""Share of the trusted answers for which that holds."""


@dataclass(frozen=True)
class Recognition:
    """How well a clip is recognised.

    Attributes
    ----------
    familiarity : float
        How clearly it resembles one hashtag that the networks were trained on, 0 to 1; see `familiarity`.
    certainty : float
        How likely its pictures are of one kind of thing, 0 to 1; see `models.tags.class_anchors`.
    """

    familiarity: float
    certainty: float


class Calibration(BaseModel):
    """Whom to believe, and the probabilities that an answer is right and that people would keep a hashtag of it.

    The log-odds of the share of the image network's classes in the anchors are `share_intercept`, plus
    `share_familiarity` and `share_certainty` times what `Recognition` says.

    Those that one of the first five suggestions at least is right are `any_intercept`, plus `any_relevance` times the
    log-odds of the most relevant one, plus `any_familiarity` and `any_certainty` times the same two.

    Those of a hashtag are `score_intercept`, plus `score_relevance` times the log-odds of its expected relevance from
    the ranking, plus `score_any` times those of the answer: where the answer is unsure, so is every hashtag of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    share_intercept: float
    share_familiarity: float
    share_certainty: float
    any_intercept: float
    any_relevance: float = Field(ge=0)
    any_familiarity: float = Field(ge=0)
    any_certainty: float = Field(ge=0)
    confident_from: float = Field(ge=0, le=1)
    """The least probability that one of the first five is right at which an answer is trusted."""
    score_intercept: float
    score_relevance: float = Field(ge=0)
    score_any: float = Field(ge=0)

    def share(self, clip: Recognition) -> float:
        """Return the share of the image network's classes in the anchors of a clip."""
        return _logistic(
            self.share_intercept + self.share_familiarity * clip.familiarity + self.share_certainty * clip.certainty
        )

    def any_right(self, most_relevant: float, clip: Recognition) -> float:
        """Return the probability that one of the first five suggestions is right, by the largest relevance of these."""
        return _logistic(
            self.any_intercept
            + self.any_relevance * log_odds(most_relevant)
            + self.any_familiarity * clip.familiarity
            + self.any_certainty * clip.certainty
        )

    def confident(self, relevance: Sequence[float], clip: Recognition) -> bool:
        """Return whether to trust an answer, by the relevance of its suggestions; only the first five count."""
        return bool(relevance) and self.any_right(max(relevance[:FIRST]), clip) >= self.confident_from

    def score(self, relevance: float, any_right: float) -> float:
        """Return the probability that people would keep a hashtag of an answer; non-decreasing in both arguments."""
        return _logistic(
            self.score_intercept + self.score_relevance * log_odds(relevance) + self.score_any * log_odds(any_right)
        )


def _logistic(odds: float) -> float:
    return 1 / (1 + math.exp(-odds)) if odds > -700 else 0.0


def log_odds(probability: float) -> float:
    """Return the log-odds of a probability, clipped away from 0 and 1."""
    clipped = min(max(probability, MARGIN), 1 - MARGIN)
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
