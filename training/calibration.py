"""Fits the calibration, on clips and posts that no other part of the model was trained on.

Three logistic curves, one after the other: how far to trust the classes of pictures beside the networks, how likely
one of the first five names what a clip shows, and how likely people are to keep a suggestion.

Each is fitted on clips of trained hashtags and clips of hashtags left out of training, which have the same weight in
all: what people send is of both kinds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from models.calibration import CONFIDENT, Calibration, Recognition, log_odds

RIDGE = 1e-5
"""Weight of the squared coefficients in the loss, so that what is always right does not become certain."""

NEGLIGIBLE = 1e-6
"""Probability of a hashtag below which none is given to it: neither networks nor classes know better."""

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Bounds = tuple[float | None, float | None]

ANY: Bounds = (None, None)
RISING: Bounds = (0, None)
FALLING: Bounds = (None, 0)


@dataclass(frozen=True, eq=False)
class Evidence:
    """What networks and classes make of clips whose hashtag is known, one a row.

    Attributes
    ----------
    networks, classes : float64 (n,)
        The probability that either gives to the clip's own hashtag.
    familiarity, certainty : float64 (n,)
        Of networks and classes, for the clip; see `models.calibration`.
    left_out : bool (n,)
        Whether the networks saw no clip of the hashtag at all; otherwise, none of the clip's group.
    """

    networks: Floats
    classes: Floats
    familiarity: Floats
    certainty: Floats
    left_out: Flags


@dataclass(frozen=True, eq=False)
class Answered:
    """The first five suggestions for clips, one answer a row.

    Attributes
    ----------
    most_relevant : float64 (n,)
        The largest relevance among them.
    familiarity, certainty : float64 (n,)
        For the clip, as in `Evidence`.
    rank : int64 (n,)
        Of the clip's own hashtag among them, from 1; 0 if it is not there.
    right : float64 (n,)
        The probability that a person finds one of their own hashtags among them (`training.evaluation.persons_posts`).
    clip : int64 (n,)
        Row of the clip, of which there may be two answers.
    left_out : bool (n,)
        As in `Evidence`.
    """

    most_relevant: Floats
    familiarity: Floats
    certainty: Floats
    rank: NDArray[np.int64]
    right: Floats
    clip: NDArray[np.int64]
    left_out: Flags

    def of(self, rows: Flags) -> "Answered":
        """Return the rows that are marked."""
        return Answered(*(values[rows] for values in vars(self).values()))

    def any_right(self, calibration: Calibration) -> Floats:
        """Return the probability that one of the first five is right, float64 (n,)."""
        rows = zip(self.most_relevant, self.familiarity, self.certainty, strict=True)
        return np.array([calibration.any_right(most, Recognition(*clip)) for most, *clip in rows])


@dataclass(frozen=True, eq=False)
class Suggested:
    """Suggestions for clips, one a row.

    Attributes
    ----------
    relevance : float64 (n,)
        Expected by the ranking.
    any_right : float64 (n,)
        The probability that one of the first five suggestions for the clip is right.
    rank : int64 (n,)
        From 1.
    clip : int64 (n,)
    kept : bool (n,)
        Relevant by posts that the ranking did not see.
    left_out : bool (n,)
        As in `Evidence`.
    """

    relevance: Floats
    any_right: Floats
    rank: NDArray[np.int64]
    clip: NDArray[np.int64]
    kept: Flags
    left_out: Flags

    def of(self, rows: Flags) -> "Suggested":
        """Return the rows that are marked."""
        return Suggested(*(values[rows] for values in vars(self).values()))

    def scores(self, calibration: Calibration) -> Floats:
        """Return the probability of each suggestion, float64 (n,)."""
        return np.array([calibration.score(*one) for one in zip(self.relevance, self.any_right, strict=True)])

    def by_rank(self, judged: "Suggested") -> Floats:
        """Return, for other suggestions, the share of these at the same rank that was kept: a baseline."""
        weights, shares = balanced(self.left_out), np.zeros(1 + max(self.rank.max(), judged.rank.max()))
        for rank in np.unique(self.rank):
            here = self.rank == rank
            shares[rank] = np.average(self.kept[here], weights=weights[here])
        return shares[judged.rank]


def fit_share(evidence: Evidence) -> dict[str, float]:
    """Fit the share of classes in the mixture, by maximum likelihood of the clips' own hashtags.

    It does not rise with familiarity nor fall with certainty.

    Returns
    -------
    dict of float
        `share_intercept`, `share_familiarity` and `share_certainty` of `models.calibration.Calibration`.
    """
    design = np.column_stack([np.ones(len(evidence.networks)), evidence.familiarity, evidence.certainty])
    weights = balanced(evidence.left_out)
    gain = evidence.classes - evidence.networks

    def loss(odds: Floats) -> tuple[float, Floats]:
        share = logistic(odds)
        mixed = evidence.networks + share * gain + NEGLIGIBLE
        return -float(weights @ np.log(mixed)), -weights * gain * share * (1 - share) / mixed

    bounds = {"share_intercept": ANY, "share_familiarity": FALLING, "share_certainty": RISING}
    return _fit(design, loss, bounds)


def fit_any(answered: Answered) -> dict[str, float]:
    """Fit the probability that one of the first five is right, and from when on nine answers in ten are.

    Returns
    -------
    dict of float
        `any_intercept`, `any_relevance`, `any_familiarity`, `any_certainty` and `confident_from` of
        `models.calibration.Calibration`; none but the intercept is negative.
    """
    odds = np.array([log_odds(relevance) for relevance in answered.most_relevant.tolist()])
    design = np.column_stack([np.ones(len(odds)), odds, answered.familiarity, answered.certainty])
    weights = balanced(answered.left_out)
    bounds = {
        "any_intercept": ANY,
        "any_relevance": RISING,
        "any_familiarity": RISING,
        "any_certainty": RISING,
    }
    found = _fit(design, _log_loss(answered.right, weights), bounds)
    probability = logistic(design @ np.array(list(found.values())))
    order = np.argsort(-probability)
    right = np.cumsum((weights * answered.right)[order]) / np.cumsum(weights[order])
    trusted = np.flatnonzero(right >= CONFIDENT)
    return found | {"confident_from": float(probability[order[trusted[-1]]]) if len(trusted) else 1.0}


def fit_score(suggested: Suggested) -> dict[str, float]:
    """Fit the probability that people keep a suggestion, by maximum likelihood.

    Returns
    -------
    dict of float
        `score_intercept`, `score_relevance` and `score_any` of `models.calibration.Calibration`; the latter two are not
        negative.
    """
    odds, of_answers = (
        np.array([log_odds(one) for one in values.tolist()]) for values in (suggested.relevance, suggested.any_right)
    )
    design = np.column_stack([np.ones(len(odds)), odds, of_answers])
    bounds = {"score_intercept": ANY, "score_relevance": RISING, "score_any": RISING}
    return _fit(design, _log_loss(suggested.kept, balanced(suggested.left_out)), bounds)


def balanced(left_out: Flags) -> Floats:
    """Return weights, float64 (n,), of sum 1, of which rows that are left out have half in all, if there are both."""
    weights = np.where(left_out, 1 / max(left_out.sum(), 1), 1 / max((~left_out).sum(), 1))
    scaled: Floats = weights / weights.sum()
    return scaled


def logistic(odds: Floats) -> Floats:
    """Return the probabilities of log-odds."""
    probabilities: Floats = np.exp(-np.logaddexp(0, -odds))
    return probabilities


def _log_loss(true: Flags | Floats, weights: Floats) -> Callable[[Floats], tuple[float, Floats]]:
    """Return the cross-entropy of log-odds, of what is true or how likely it is."""
    wanted = true.astype(np.float64)

    def loss(odds: Floats) -> tuple[float, Floats]:
        return float(weights @ (np.logaddexp(0, odds) - wanted * odds)), weights * (logistic(odds) - wanted)

    return loss


def _fit(
    design: Floats, loss: Callable[[Floats], tuple[float, Floats]], bounds: Mapping[str, Bounds]
) -> dict[str, float]:
    """Return the coefficients with the least loss, by name; `loss` gives that of the log-odds, and its derivatives."""

    def of(coefficients: Floats) -> tuple[float, Floats]:
        value, slopes = loss(design @ coefficients)
        return value + RIDGE * float(coefficients @ coefficients), design.T @ slopes + 2 * RIDGE * coefficients

    found = minimize(of, np.zeros(design.shape[1]), jac=True, bounds=list(bounds.values()))
    return {name: round(float(coefficient), 6) for name, coefficient in zip(bounds, found.x, strict=True)}
