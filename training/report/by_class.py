"""Figure 7 of the paper: relevant tags, and clips without any, by hashtag."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes

from training.report.page import Picture, Section
from training.report.style import BAD, CARD, HUE, LINE, SOFT, figure, to_png

PEOPLE: Final = {"benchpress": 7.0, "volleyball": 6.88, "salsa": 1.45, "yoyo": 1.25}
"""Tags of 15 that the paper's raters found relevant, for the best and worst of its classes."""
PEOPLE_MEAN: Final = 4.03
PEOPLE_NONE: Final = 52 / 270

_BEHIND: Final = {"facecolor": CARD, "edgecolor": "none", "pad": 0.8}
"""Keeps lines from crossing numbers."""


@dataclass(frozen=True)
class ClassRelevance:
    """One hashtag: relevant tags of 15, the mean over clips; the share of clips without any; and a remark."""

    hashtag: str
    relevant: float
    none: float
    remark: str = ""


def by_class(
    title: str, text: Sequence[str], name: str, rows: Sequence[ClassRelevance], note: Sequence[str]
) -> Section:
    """Draw both for each hashtag, the best first, with the paper's raters below."""
    rows = sorted(rows, key=lambda row: -row.relevant)
    mean = sum(row.relevant for row in rows) / len(rows)
    none = sum(row.none for row in rows) / len(rows)
    with figure(12, 1.6 + 0.27 * (len(rows) + len(PEOPLE) + 1)) as drawn:
        left, right = drawn.subplots(1, 2, sharey=True, width_ratios=(3, 2))
        left.set_xlim(0, 15)
        right.set_xlim(0, 105)
        names = [f"{row.hashtag}{row.remark}" for row in rows]
        _bars(left, [row.relevant for row in rows], HUE, "{:.1f}")
        _bars(right, [100 * row.none for row in rows], BAD, "{:.0f}")
        first = len(rows) + 0.7
        for place, value in enumerate(PEOPLE.values()):
            left.barh(first + place, value, color=LINE, height=0.72)
            left.text(value + 0.1, first + place, f"{value:g}", va="center", size=8, color=SOFT, bbox=_BEHIND)
        for axes, ours, theirs in ((left, mean, PEOPLE_MEAN), (right, 100 * none, 100 * PEOPLE_NONE)):
            axes.axvline(ours, color=HUE if axes is left else BAD, linewidth=1.2, zorder=0.9)
            axes.axvline(theirs, color=SOFT, linewidth=1.2, linestyle=(0, (4, 3)), zorder=0.9)
            axes.spines[:].set_visible(False)
            axes.tick_params(length=0)
            axes.grid(axis="x", linewidth=0.6)
            axes.set_axisbelow(True)
        left.set_yticks([*range(len(rows)), *(first + place for place in range(len(PEOPLE)))])
        left.set_yticklabels([*names, *(f"paper: {name}" for name in PEOPLE)])
        left.set_ylim(first + len(PEOPLE) - 0.4, -0.7)
        left.set_title(f"relevant of 15 (mean {mean:.2f}; the paper's raters, dashed: {PEOPLE_MEAN})", loc="left")
        right.set_title(
            f"none, % (over hashtags {100 * none:.0f}; paper, over clips {100 * PEOPLE_NONE:.0f})", loc="left"
        )
        png = to_png(drawn)
    return Section(title, text, [Picture(name, png, "Relevant tags and clips without any, by hashtag")], notes=note)


def _bars(axes: Axes, values: Sequence[float], colour: str, form: str) -> None:
    axes.barh(range(len(values)), values, color=colour, height=0.72, alpha=0.9)
    room = 0.008 * axes.get_xlim()[1]
    for place, value in enumerate(values):
        axes.text(value + room, place, form.format(value), va="center", size=8, bbox=_BEHIND)
