"""Figure 4 of the paper: training clips before and after the embedding, in two dimensions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import matplotlib.patheffects as effects
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox
from numpy.typing import NDArray
from openTSNE import TSNE

from training.report.page import Picture, Section
from training.report.style import CARD, figure, to_png

PERPLEXITY: Final = 30.0

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class View:
    """The same clips as vectors, float32 (n, any), with a name for the picture and a title."""

    name: str
    title: str
    vectors: Array


def tsne(views: Sequence[View], labels: NDArray[np.int64], hashtags: Sequence[str], *, seed: int = 0) -> Section:
    """Draw the clips once for each view, coloured by hashtag; `labels` are indices into `hashtags`."""
    pictures = []
    for view in views:
        with figure(11, 7.4) as drawn:
            axes = drawn.subplots()
            axes.set_title(view.title)
            names = _scatter(axes, project(view.vectors, seed), labels, hashtags)
            drawn.draw_without_rendering()
            _spread(names)
            pictures.append(Picture(view.name, to_png(drawn), f"t-SNE of clips by hashtag: {view.title}"))
    return Section(
        title="Figure 4: clips before and after",
        text=[
            f"t-SNE (openTSNE, perplexity {PERPLEXITY:g}, cosine) of {len(labels)} clips of {len(hashtags)} hashtags: "
            "their Fisher vectors; their positions in the tag space by the network that was trained on them, as in the "
            "paper; and their positions by networks that did not see their source. Names are at the median of each "
            "hashtag's clips.",
        ],
        pictures=pictures,
    )


def project(vectors: Array, seed: int) -> NDArray[np.float64]:
    """Return the positions of vectors, float64 (n, 2), the same for the same seed."""
    perplexity = min(PERPLEXITY, (len(vectors) - 1) / 3)
    # Exact neighbours: there are only some hundred clips.
    placed = TSNE(perplexity=perplexity, metric="cosine", neighbors="exact", random_state=seed, n_jobs=1).fit(vectors)
    return np.asarray(placed, np.float64)


def _scatter(
    axes: Axes, places: NDArray[np.float64], labels: NDArray[np.int64], hashtags: Sequence[str]
) -> list[Annotation]:
    colours = colours_of(len(hashtags))
    axes.scatter(places[:, 0], places[:, 1], c=[colours[label] for label in labels], s=26, alpha=0.85, linewidths=0)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    names: list[Annotation] = []
    for label in np.unique(labels):
        x, y = np.median(places[labels == label], axis=0)
        name = axes.annotate(hashtags[label], (x, y), (0, 5), textcoords="offset points", ha="center", va="bottom")
        name.set(size=10, weight="bold", color=tuple(0.75 * colours[label][:3]))
        name.set_path_effects([effects.withStroke(linewidth=2.6, foreground=CARD)])
        names.append(name)
    return names


def _spread(names: Sequence[Annotation]) -> None:
    """Move names up, from the bottom one, until none overlaps another; the figure must be laid out."""
    boxes: list[Bbox] = []
    for name in sorted(names, key=lambda name: name.get_window_extent().y0):
        while any(name.get_window_extent().overlaps(box) for box in boxes):
            x, y = name.xyann
            name.xyann = (x, y + 2)
        boxes.append(name.get_window_extent())


def colours_of(count: int) -> list[Any]:
    """Return colours, far apart in hue where they are next to each other."""
    wheel = colormaps["hsv"](np.linspace(0, 1, count, endpoint=False))
    # Every second one is darker: there are more hashtags than distinguishable hues.
    wheel[:, :3] *= np.where(np.arange(count) % 2, 0.85, 0.55)[:, None]
    step = next(step for step in range(max(1, int(count * 0.38)), count + 2) if np.gcd(step, count) == 1)
    return [wheel[(place * step) % count] for place in range(count)]
