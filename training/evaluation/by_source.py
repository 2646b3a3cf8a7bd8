"""The trained hashtag nearest to a clip, by what saw no clip of its source."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.evaluation.folds import FOLDS, Rows
from training.evaluation.nearest import hashtag_ranks, svm_answers
from training.evaluation.quality import ClassifierQuality, SourceQuality
from training.examples import Examples
from training.out_of_fold import OutOfFold

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class SourceJudgements:
    """Which clips are answered correctly.

    Attributes
    ----------
    judged : bool (n,)
        Whether the clip's hashtag was learnt from other sources; the others do not count.
    rank : int64 (n,)
        Of the clip's own hashtag by the networks, from 0.
    svm : bool (n,)
        Whether the SVM is right.
    """

    judged: Flags
    rank: Rows
    svm: Flags

    def quality(self, labels: Rows) -> SourceQuality:
        """Summarise all clips, whose hashtags are int64 (n,)."""
        own, rank = labels[self.judged], self.rank[self.judged]
        return SourceQuality(
            clips=len(own),
            hashtags=len(np.unique(own)),
            nearest=ClassifierQuality.of(rank < 1, own),
            top5=ClassifierQuality.of(rank < 5, own),
            svm=ClassifierQuality.of(self.svm[self.judged], own),
        )

    def accuracy(self, rows: Flags) -> float | None:
        """Return how often the networks are right about some clips; None if none of them is judged."""
        return self._share(self.rank < 1, rows)

    def svm_accuracy(self, rows: Flags) -> float | None:
        """Return how often the SVM is right about some clips; None if none of them is judged."""
        return self._share(self.svm, rows)

    def _share(self, right: Flags, rows: Flags) -> float | None:
        counted = right[self.judged & rows]
        return round(float(counted.mean()), 4) if len(counted) else None


def source_judgements(
    examples: Examples, unseen: OutOfFold, targets: NDArray[np.float32], seed: int
) -> SourceJudgements | None:
    """Judge all clips, by the networks of `unseen` and an SVM; None if there are too few sources."""
    by_source = examples.by_source()
    judged = np.zeros(len(examples.labels), bool)
    for number in range(FOLDS):
        own = np.flatnonzero(unseen.source_fold == number)
        judged[own] = np.isin(examples.labels[own], examples.labels[by_source.apart_from(own)])
    if not judged.any():
        return None
    return SourceJudgements(
        judged,
        hashtag_ranks(unseen.by_source, examples.labels, targets),
        svm_answers(by_source, seed) == examples.labels,
    )
