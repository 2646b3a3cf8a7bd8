"""The confusion matrix: how often each trained hashtag is nearest to clips of each."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import pdist

from training.report.page import Picture, Section
from training.report.style import CARD, INK, figure, to_png


def confusion(
    embedded: NDArray[np.float32], targets: NDArray[np.float32], labels: NDArray[np.int64], hashtags: Sequence[str]
) -> Section:
    """Draw the matrix for out-of-fold embeddings of clips.

    Parameters
    ----------
    embedded : float32 (n, dimensions)
    targets : float32 (hashtags, dimensions)
        Unit tag vectors.
    labels : int64 (n,)
        Rows of `targets`.
    hashtags : sequence of str
    """
    shares = confusion_shares((embedded @ targets.T).argmax(axis=1), labels, len(hashtags))
    # Close tags side by side: those that are easily confused are then near the diagonal.
    distances = pdist(targets)
    order = leaves_list(optimal_leaf_ordering(linkage(distances, "average"), distances))
    names = [hashtags[row] for row in order]
    counts = np.bincount(labels, minlength=len(hashtags))
    cells = shares[np.ix_(order, order)]
    with figure(12, 11) as drawn:
        axes = drawn.subplots()
        axes.imshow(cells, cmap="Blues", vmin=0, vmax=1)
        axes.set_xticks(range(len(names)), names, rotation=90)
        axes.set_yticks(range(len(names)), [f"{hashtags[row]} ({counts[row]})" for row in order])
        axes.tick_params(length=0, labelcolor=INK)
        axes.spines[:].set_visible(False)
        axes.set_xlabel("nearest trained hashtag")
        axes.set_ylabel("hashtag of the clip (clips)")
        for row, column in zip(*np.nonzero(cells >= 0.05), strict=True):
            share = cells[row, column]
            colour = CARD if share > 0.55 else INK
            axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", size=7.5, color=colour)
        png = to_png(drawn)
    right = np.diag(shares)
    return Section(
        title="Confusion matrix",
        text=[
            "The trained hashtag nearest to a clip, in percent of the clips of each hashtag (from 5 %). Each clip is "
            "embedded by a network that did not see its source. Close tags are side by side. "
            f"{100 * right[counts > 0].mean():.1f} % are right, as the mean over hashtags.",
        ],
        pictures=[Picture("confusion_matrix", png, "Confusion matrix of the trained hashtags")],
    )


def confusion_shares(nearest: NDArray[np.int64], labels: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Return the share of each label's clips by nearest hashtag, (count, count); rows without clips are zero."""
    cells = np.zeros((count, count))
    np.add.at(cells, (labels, nearest), 1)
    cells /= np.maximum(cells.sum(axis=1, keepdims=True), 1)
    return cells
