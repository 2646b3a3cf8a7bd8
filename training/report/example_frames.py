"""Figure 6 of the paper: frames of clips with their suggestions, successes and failures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from models.video.colour import upright_rgb
from models.video.display import Display
from models.video.limits import VideoLimits
from models.video.opening import open_clip
from training.report.page import Picture, Section, Table
from training.report.style import BAD, GOOD, SOFT, drawable, figure, to_png
from training.workers import in_processes

EACH: Final = 4
"""Successes, and the same number of failures."""

NOTE: Final = "The frames are from clips for research use: do not publish them without the owners' permission."

Frame = NDArray[np.uint8]


@dataclass(frozen=True)
class Example:
    """A clip, its hashtag, and the suggested tags by rank with whether each is relevant."""

    clip: Path
    hashtag: str
    tags: list[str]
    relevant: list[bool]

    @property
    def hits(self) -> int:
        """The number of relevant tags."""
        return sum(self.relevant)


def choose(examples: Iterable[Example]) -> tuple[list[Example], list[Example]]:
    """Return the clips with the most and with the fewest relevant tags, no hashtag twice."""
    ordered = sorted(examples, key=lambda example: (-example.hits, str(example.clip)))
    best = list(islice(_one_of_each(ordered, set()), EACH))
    worst = list(islice(_one_of_each(reversed(ordered), {example.hashtag for example in best}), EACH))
    return best, worst


def example_frames(examples: Iterable[Example], workers: int) -> Section:
    """Draw the middle frames of the chosen clips above their suggestions."""
    best, worst = choose(examples)
    rows = [
        [f"#{example.hashtag}", f"{example.hits} of {len(example.tags)}", *parted(example)]
        for example in [*best, *worst]
    ]
    return Section(
        title="Figure 6: suggestions for clips",
        text=[
            "The clips with the most and with the fewest relevant suggestions, one for each hashtag, embedded by "
            "networks that did not see their source. Relevant tags, in green, are used together with the clip's own "
            "hashtag in posts that the suggestions were not learnt from.",
        ],
        pictures=[Picture("figure6_examples", draw(best, worst, workers), "Frames of clips with their hashtags")],
        tables=[Table(["clip of", "relevant", "relevant tags", "other tags"], rows)],
        notes=[NOTE],
    )


def draw(best: Sequence[Example], worst: Sequence[Example], workers: int) -> bytes:
    """Draw the middle frames of clips above their suggestions, `EACH` good and bad ones at most, as PNG."""
    clips = [example.clip for example in [*best, *worst]]
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
        return to_png(drawn)


def middle_frame(clip: Path) -> Frame:
    """Decode the middle frame of a clip, upright RGB, uint8 (h, w, 3); runs in a child process."""
    container, stream = open_clip(clip, VideoLimits())
    with container:
        frames = sum(1 for _ in container.decode(stream))
    container, stream = open_clip(clip, VideoLimits())
    with container:
        shown = Display.of(clip, stream)
        return upright_rgb(shown(next(islice(container.decode(stream), frames // 2, None))))


def _one_of_each(examples: Iterable[Example], seen: set[str]) -> Iterable[Example]:
    for example in examples:
        if example.hashtag not in seen:
            seen.add(example.hashtag)
            yield example


def parted(example: Example) -> tuple[str, str]:
    """Return the relevant tags of a clip, and the others."""
    pairs = list(zip(example.tags, example.relevant, strict=True))
    return ", ".join(tag for tag, fits in pairs if fits), ", ".join(tag for tag, fits in pairs if not fits)


def _frame(axes: Axes, frame: Frame | None, example: Example, colour: str) -> None:
    canvas = np.full((3, 4, 3), 240, np.uint8) if frame is None else on_canvas(frame)
    axes.imshow(canvas)
    axes.set_title(f"#{example.hashtag}: {example.hits} of {len(example.tags)}", color=colour)


def on_canvas(frame: Frame) -> Frame:
    """Centre a frame on a light background of 4:3, so that all have the same shape."""
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
