"""Fits the score to feedback: to the suggestions that people kept, instead of what they use together in posts."""

import json
import logging
from pathlib import Path
from typing import Final, Literal

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from models.calibration import Calibration
from models.errors import Tag2VecError
from training.calibration import Suggested, fit_score

log = logging.getLogger(__name__)

LEAST: Final = 1000
"""Minimum number of kept or dropped suggestions to fit three coefficients."""
_JUDGED: Final = 5
"""One entry in so many is held out to compare both fits."""


class _Hashtag(BaseModel):
    tag: str
    choice: Literal["kept", "added", "dropped"]
    relevance: float | None = Field(ge=0)
    any_right: float | None = Field(ge=0, le=1)


class _Entry(BaseModel):
    day: str
    model: str
    hashtags: list[_Hashtag]


def read_feedback(file: Path) -> Suggested:
    """Read what `tag2vec feedback export` wrote: all suggestions that people kept or dropped.

    Relevance is that computed by the model of the time. `clip` is the number of the entry.

    Raises
    ------
    Tag2VecError
        If the file cannot be read, has fewer than `LEAST` suggestions, or all were kept or all dropped.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        entries = [_Entry.model_validate_json(line) for line in lines]
    except (OSError, UnicodeDecodeError, ValidationError, json.JSONDecodeError) as error:
        raise Tag2VecError(f"{file}: cannot be read as exported feedback: {error}") from error
    rows = [
        (one.relevance, one.any_right, number, one.choice == "kept")
        for number, entry in enumerate(entries)
        for one in entry.hashtags
        if one.relevance is not None and one.any_right is not None
    ]
    kept = sum(row[-1] for row in rows)
    if len(rows) < LEAST or not 0 < kept < len(rows):
        raise Tag2VecError(
            f"{file}: feedback on {len(rows):,} suggestions, {kept:,} of them kept, is too little to fit the score to; "
            f"it takes {LEAST:,}, some kept and some dropped. Leave out `feedback` until there is more"
        )
    relevance, any_right, clip, ends = (np.array(column) for column in zip(*rows, strict=True))
    count = len(rows)
    return Suggested(relevance, any_right, np.ones(count, np.int64), clip, ends, np.zeros(count, np.bool_))


def fitted_to(feedback: Suggested, calibration: Calibration) -> Calibration:
    """Return a calibration with its score fitted to feedback; logs how both fits do on held-out entries."""
    held_out = feedback.clip % _JUDGED == 0
    fitted = calibration.model_copy(update=fit_score(feedback.of(~held_out)))
    judged = feedback.of(held_out)
    before, after = (float(np.mean((judged.scores(one) - judged.kept) ** 2)) for one in (calibration, fitted))
    log.info("feedback: Brier score of the fit to posts %.4f, to feedback %.4f, on held-out entries", before, after)
    return calibration.model_copy(update=fit_score(feedback))
