"""Cross-validation folds: rows to learn from and rows to judge, never with clips of the same source on both sides."""

import warnings
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from training.examples import Examples, ExamplesError

FOLDS = 5

Rows = NDArray[np.int64]


def shortage(classes: Iterable[Hashable], groups: Iterable[Hashable]) -> str | None:
    """Say what clips with these classes and groups lack to be split into folds; None if nothing."""
    sources, most = len(set(groups)), max(Counter(classes).values(), default=0)
    if min(sources, most) >= FOLDS:
        return None
    return (
        f"{FOLDS} folds need clips of at least {FOLDS} groups, and at least {FOLDS} clips of one class; there are "
        f"{sources} groups, and at most {most} clips of a class. Add clips of other sources."
    )


def folds(examples: Examples, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """Yield rows to learn from and rows to judge; no group is in both, and classes are spread evenly.

    Raises
    ------
    ExamplesError
        If there are fewer groups than folds, or fewer clips of every class.
    """
    if lacking := shortage(examples.labels.tolist(), examples.groups.tolist()):
        raise ExamplesError(f"too few clips to learn from and to judge: {lacking}")
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
