"""Cross-validation folds: rows to learn from and rows to judge, never with clips of the same source on both sides."""

import warnings
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from training.examples import Examples, ExamplesError

FOLDS = 5

Rows = NDArray[np.int64]


def folds(examples: Examples, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """Yield rows to learn from and rows to judge; no group is in both, and classes are spread evenly.

    Raises
    ------
    ExamplesError
        If there are fewer groups than folds.
    """
    if len(np.unique(examples.groups)) < FOLDS:
        raise ExamplesError(
            f"the clips come from fewer than {FOLDS} groups, too few for {FOLDS} folds. Add clips of other sources."
        )
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # Classes with fewer clips than folds are marked wherever they are reported.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        yield from splitter.split(examples.labels, examples.labels, examples.groups)


def fold_of(examples: Examples, seed: int) -> Rows:
    """Return the number of the fold in which each example is judged, int64 (n,)."""
    number = np.empty(len(examples.labels), np.int64)
    for fold, (_, judged) in enumerate(folds(examples, seed)):
        number[judged] = fold
    return number


def source_fold_of(examples: Examples, seed: int) -> Rows:
    """Return the number of the fold by source in which each example is judged, int64 (n,).

    No source is both learnt from and judged; see `Examples.by_source`. All are -1 if there are fewer sources than
    folds.
    """
    by_source = examples.by_source()
    if len(np.unique(by_source.groups)) < FOLDS:
        return np.full(len(examples.labels), -1)
    return fold_of(by_source, seed)
