"""Standard errors of measurements: over vocabularies, and over sources of clips."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 4000


def standard_error(values: Floats) -> float:
    """Return the standard error of the mean of independent values, (n,); NaN for fewer than two."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def over_sources(gains: Floats, groups: NDArray[np.integer]) -> float:
    """Return the standard error of the mean gain of clips, (n,), by bootstrap over their sources.

    Clips of the same source have the same number in `groups`, (n,), from 0.
    """
    totals, sizes = np.bincount(groups, gains), np.bincount(groups)
    drawn = np.random.default_rng(0).integers(0, len(sizes), (DRAWS, len(sizes)))
    return float((totals[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)).std())
