"""Figure 6 of the paper: frames of clips with what was suggested for them, successes and failures."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import av
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from models.video.container import recognise
from training.report.page import Picture, Section, Table
from training.report.style import BAD, GOOD, SOFT, drawable, figure, to_png
from training.workers import in_processes

EACH: Final = 4
"""Successes, and as many failures."""

Frame = NDArray[np.uint8]


@dataclass(frozen=True)
class Example:
    """A clip, its hashtag, and the suggested tags by rank, each with whether it is relevant."""

    clip: Path
    hashtag: str
    tags: list[str]
    relevant: list[bool]

    @property
    def hits(self) -> int:
        """How many are relevant."""
        return sum(self.relevant)


def choose(examples: Iterable[Example]) -> tuple[list[Example], list[Example]]:
    """Return the clips with most and with fewest relevant tags, no hashtag twice."""
    ordered = sorted(examples, key=lambda example: (-example.hits, str(example.clip)))
    best = list(islice(_one_of_each(ordered, set()), EACH))
    worst = list(islice(_one_of_each(reversed(ordered), {example.hashtag for example in best}), EACH))
    return best, worst


def example_frames(examples: Iterable[Example], workers: int) -> Section:
    """Draw the middle frame of the chosen clips over their suggestions."""
    best, worst = choose(examples)
    chosen = [*best, *worst]
    clips = [example.clip for example in chosen]
    decoded = in_processes(middle_frame, clips, workers=workers, timeout=60)
    frames = {clip: frame for clip, frame in decoded if not isinstance(frame, Exception)}
    with figure(16, 12.4) as drawn:
        cells = drawn.subplots(4, EACH, height_ratios=(3, 1.9, 3, 1.9))
        for row, (colour, group) in enumerate(((GOOD, best), (BAD, worst))):
            for column, example in enumerate(group):
                _frame(cells[2 * row, column], frames.get(example.clip), example, colour)
                _tags(cells[2 * row + 1, column], example)
        for axes in cells.flat:
            axes.axis("off")
        png = to_png(drawn)
    rows = [[f"#{example.hashtag}", f"{example.hits} of {len(example.tags)}", *_parted(example)] for example in chosen]
    return Section(
        title="Figure 6: suggestions for clips",
        text=[
            "Clips with most and with least relevant suggestions, one of a hashtag, embedded by networks that never "
            "saw their source. Relevant tags, in green, are used beside the clip's own hashtag in posts that the "
            "suggestions were not learnt from.",
        ],
        pictures=[Picture("figure6_examples", png, "Frames of clips with their suggested hashtags")],
        tables=[Table(["clip of", "relevant", "relevant tags", "other tags"], rows)],
        notes=["The frames are from clips for research use: do not publish them without asking who owns them."],
    )


def middle_frame(clip: Path) -> Frame:
    """Decode the frame in the middle of a clip, (h, w, 3) RGB, upright; runs in a child process."""
    with av.open(f"file:{clip}", format=recognise(clip), options={"protocol_whitelist": "file"}) as opened:
        frames = sum(1 for _ in opened.decode(video=0))
    with av.open(f"file:{clip}", format=recognise(clip), options={"protocol_whitelist": "file"}) as opened:
        frame = next(islice(opened.decode(video=0), frames // 2, None))
        return np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90))).astype(
            np.uint8
        )


def _one_of_each(examples: Iterable[Example], seen: set[str]) -> Iterable[Example]:
    for example in examples:
        if example.hashtag not in seen:
            seen.add(example.hashtag)
            yield example


def _parted(example: Example) -> tuple[str, str]:
    pairs = list(zip(example.tags, example.relevant, strict=True))
    return ", ".join(tag for tag, fits in pairs if fits), ", ".join(tag for tag, fits in pairs if not fits)


def _frame(axes: Axes, frame: Frame | None, example: Example, colour: str) -> None:
    canvas = np.full((3, 4, 3), 240, np.uint8) if frame is None else on_canvas(frame)
    axes.imshow(canvas)
    axes.set_title(f"#{example.hashtag}: {example.hits} of {len(example.tags)}", color=colour)


def on_canvas(frame: Frame) -> Frame:
    """Set a frame in the middle of a light ground of 4:3, so that all are of one shape."""
    height, width = frame.shape[:2]
    tall, wide = max(height, round(width * 3 / 4)), max(width, round(height * 4 / 3))
    canvas = np.full((tall, wide, 3), 240, np.uint8)
    top, left = (tall - height) // 2, (wide - width) // 2
    canvas[top : top + height, left : left + width] = frame
    return canvas


def _tags(axes: Axes, example: Example) -> None:
    rows = -(-max(len(example.tags), 1) // 2)
    axes.set(xlim=(0, 2), ylim=(rows, 0))
    for place, (tag, fits) in enumerate(zip(example.tags, example.relevant, strict=True)):
        shown = tag if drawable(tag) else "(other letters)"
        shown = shown if len(shown) < 23 else f"{shown[:21]}…"
        text = axes.text(place // rows + 0.02, place % rows + 0.5, shown, va="center", size=10)
        text.set(color=GOOD if fits else SOFT, weight="bold" if fits else "normal")
