"""The trained hashtag nearest to a clip, by the networks, and by a linear SVM on the same vectors."""

import numpy as np
from numpy.typing import NDArray
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import SVC

from training.evaluation.folds import Rows, folds
from training.examples import Examples

SVM_COST = 100.0
"""C of the SVM, as is usual for improved dense trajectories and Fisher vectors."""


def hashtag_ranks(embedded: NDArray[np.float32], labels: Rows, targets: NDArray[np.float32]) -> Rows:
    """Return the rank, from 0, of each clip's own hashtag among all by distance, int64 (n,).

    Parameters
    ----------
    embedded : float32 (n, out)
    labels : int64 (n,)
        Rows of `targets`.
    targets : float32 (hashtags, out)
        Unit vectors.
    """
    cosines = embedded @ targets.T
    own = np.take_along_axis(cosines, labels[:, None], axis=1)
    ranks: Rows = (cosines > own).sum(axis=1)
    return ranks


def svm_answers(examples: Examples, seed: int) -> Rows:
    """Return the class that a linear SVM, which saw no clip of its group, gives each clip, int64 (n,)."""
    kernel = (examples.vectors @ examples.vectors.T).astype(np.float64)
    answers = np.empty(len(examples.labels), np.int64)
    for seen, unseen in folds(examples, seed):
        machine = OneVsRestClassifier(SVC(C=SVM_COST, kernel="precomputed"))
        machine.fit(kernel[np.ix_(seen, seen)], examples.labels[seen])
        answers[unseen] = machine.predict(kernel[np.ix_(unseen, seen)])
    return answers
