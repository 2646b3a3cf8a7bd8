"""The reliability diagram: whether a score of 0.7 means that people would keep seven tags in ten."""

from typing import Final

from training.evaluation.reliability import Reliability
from training.report.page import Picture, Section
from training.report.style import HUE, LINE, SOFT, figure, to_png

_SIZES: Final = (5.6, 5.2)


def reliability(score: Reliability) -> Section:
    """Plot predicted against observed relevance in bins of equal count."""
    bins = score.bins
    with figure(*_SIZES) as drawn:
        axes = drawn.subplots()
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle=(0, (4, 3)))
        predicted, observed = [one.predicted for one in bins], [one.observed for one in bins]
        axes.vlines(predicted, predicted, observed, color=LINE, linewidth=5)
        axes.plot(predicted, observed, "o-", color=HUE, markersize=6, linewidth=1.6)
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="score", ylabel="share that is relevant", aspect="equal")
        axes.grid(linewidth=0.6)
        axes.set_axisbelow(True)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        axes.set_title(f"ECE {score.ece:.3f}   AUC {score.auc:.2f}   Brier {score.brier:.3f}", loc="left")
        png = to_png(drawn)
    each = sum(one.count for one in bins) / max(len(bins), 1)
    return Section(
        title="Reliability of the score",
        text=[
            f"Suggestions by score, in {len(bins)} bins of {each:,.0f}: on the dashed line, a score equals the share "
            "of suggestions that are relevant by co-use in unseen posts. The clips were unseen as well. A constant "
            f"score for each rank has a Brier score of {score.brier_by_rank:.3f}.",
        ],
        pictures=[Picture("reliability", png, "Reliability diagram of the score")],
    )
