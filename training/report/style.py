"""The style of the report's pictures."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font

INK, SOFT, LINE, CARD = "#1c1e26", "#5f6473", "#dedbd2", "#ffffff"
HUE, GOOD, BAD, WARM = "#3346d3", "#1b7f4b", "#b3261e", "#e0862a"
FONT = "DejaVu Sans"
"""Part of matplotlib, so that pictures look the same everywhere."""

_RC: Final[Any] = {
    "font.family": FONT,
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.facecolor": CARD,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "figure.facecolor": CARD,
    "grid.color": LINE,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "legend.frameon": False,
}


@contextmanager
def figure(width: float, height: float) -> Iterator[Figure]:
    """Yield an empty figure of a size in inches in the report's style, without a window or global state."""
    with mpl.rc_context(_RC):
        yield Figure(figsize=(width, height), layout="constrained")


def to_png(drawn: Figure) -> bytes:
    """Return a figure as PNG, always with the same bytes."""
    buffer = io.BytesIO()
    drawn.savefig(buffer, dpi=150, metadata={"Software": None})
    return buffer.getvalue()


@cache
def _letters() -> frozenset[int]:
    return frozenset(get_font(font_file()).get_charmap())


def font_file(weight: str = "bold") -> str:
    """Return the path of the font file."""
    return str(findfont(FontProperties(family=FONT, weight=weight)))


def drawable(text: str) -> bool:
    """Return whether the font has all letters of a text; it lacks scripts such as Chinese and Thai."""
    return all(ord(letter) in _letters() for letter in text)
