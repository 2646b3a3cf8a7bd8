"""Moments: when in a clip the evidence for a hashtag is.

Evidence of a slot of the clip (`models.slots`) for a tag is the relevance that the tag would have to it alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.calibration import Calibration
from models.encoded_clip import Slots

if TYPE_CHECKING:
    from models.embedding import Embedding
    from models.tags.suggestions import Suggester


@dataclass(frozen=True)
class Moment:
    """A slot of a clip.

    Attributes
    ----------
    start_s, end_s : float
        Seconds of the clip.
    share : float
        Of the clip's evidence for a tag, 0 to 1.
    """

    start_s: float
    end_s: float
    share: float


def moments(
    tags: Sequence[str], slots: Slots, embedding: "Embedding", suggester: "Suggester", calibration: Calibration | None
) -> list[list[Moment]]:
    """Return the moments of each tag, in chronological order; their shares sum to one."""
    # A slot has too few pictures for their spread to mean anything, so that of the training clips is used.
    features = slots.features.copy()
    half = features.shape[1] // 2
    features[:, half:] = embedding.appearance_mean[half:]
    vectors = embedding.embed(slots.fisher.astype(np.float32), features)
    evidence = np.empty((len(vectors), len(tags)))
    for vector, probabilities, row in zip(vectors, slots.probabilities, evidence, strict=True):
        share = {}
        if calibration is not None:
            share = {"share": calibration.share(suggester.recognition(vector, probabilities))}
        row[:] = suggester.relevance(tags, vector, probabilities, **share)
    sums = evidence.sum(axis=0)
    seconds = np.maximum(np.diff(slots.times, axis=1), np.finfo(np.float32).tiny)
    shares = np.where(sums > 0, evidence / np.where(sums > 0, sums, 1), seconds / seconds.sum())
    return [
        [Moment(start, end, share) for (start, end), share in zip(slots.times.tolist(), column, strict=True)]
        for column in shares.T.tolist()
    ]
