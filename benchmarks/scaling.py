"""Plots how time grows with the length and the size of a clip, on one thread and on two.

Each should be a straight line through the origin, since all frames and pixels take the same work. The frames come from
a real clip, played back and forth for greater lengths and resized for other sizes; they are in memory, greyscale.

    python -m benchmarks.scaling CLIP --out scaling.png
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Annotated

import cv2
import numpy as np
import typer
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rich.console import Console
from threadpoolctl import threadpool_limits

from models.bundle import SHIPPED, Bundle
from models.fisher import FisherEncoder, Vocabulary
from models.trajectories.extractor import extract
from models.trajectories.settings import TrajectorySettings
from models.video.decoding import Video

Frame = NDArray[np.uint8]

LENGTHS = 90, 180, 360, 720
SIDES = 120, 160, 240, 320, 480
THREADS = 1, 2
SETTINGS = replace(TrajectorySettings(), working_side=None)


def played(frames: Sequence[Frame], count: int, size: tuple[int, int] | None = None) -> Iterator[Frame]:
    """Yield `count` frames, playing the clip back and forth, resized to (width, height) if a size is given."""
    for frame in islice(cycle([*frames, *frames[-2:0:-1]]), count):
        yield frame.copy() if size is None else cv2.resize(frame, size, interpolation=cv2.INTER_AREA)  # type: ignore[misc]


def seconds(frames: Iterator[Frame], vocabulary: Vocabulary, threads: int) -> float:
    """Return the seconds from greyscale frames to their Fisher vector."""
    encoder = FisherEncoder(vocabulary)
    # One BLAS thread, as in the pipeline: more would compete with ours.
    with threadpool_limits(limits=1):
        start = time.perf_counter()
        for batch in extract(frames, SETTINGS, threads=threads):
            encoder.add(batch.descriptors)
        encoder.vector()
        return time.perf_counter() - start


def main(
    clip: Annotated[Path, typer.Argument(metavar="CLIP")],
    out: Annotated[Path, typer.Option(help="Picture to write.")] = Path("scaling.png"),
    rounds: Annotated[int, typer.Option(min=1, help="Take medians over this many rounds.")] = 3,
) -> None:
    """Measure and plot."""
    vocabulary = Bundle.open(SHIPPED).vocabulary()
    with Video(clip, working_side=max(SIDES)) as video:
        frames = list(islice(video, 180))
    height, width = frames[0].shape
    sizes = [(round(width * side / min(height, width)), round(height * side / min(height, width))) for side in SIDES]
    console = Console()
    figure = Figure(figsize=(10, 4), layout="constrained")
    by_length, by_size = figure.subplots(1, 2)
    middle = sizes[SIDES.index(240)]
    for threads in THREADS:
        seconds(played(frames, 30, middle), vocabulary, threads)  # compile
        lengths = [
            median(seconds(played(frames, n, middle), vocabulary, threads) for _ in range(rounds)) for n in LENGTHS
        ]
        pixels = [
            median(seconds(played(frames, 90, size), vocabulary, threads) for _ in range(rounds)) for size in sizes
        ]
        megapixels = [90 * w * h / 1e6 for w, h in sizes]
        label = f"{threads} thread{'s' * (threads > 1)}"
        for axes, x, y, what in (
            (by_length, LENGTHS, lengths, f"frames of {middle[0]}x{middle[1]}"),
            (by_size, megapixels, pixels, "megapixels in 90 frames"),
        ):
            slope, intercept = np.polyfit(x, y, 1)
            straight = np.corrcoef(x, y)[0, 1] ** 2
            axes.plot(x, y, "o", label=f"{label}, R² = {straight:.4f}")
            axes.plot([0, max(x)], [intercept, intercept + slope * max(x)], "-", color=axes.lines[-1].get_color())
            axes.set(xlabel=what, ylabel="seconds", xlim=0, ylim=0)
            axes.legend()
            console.print(f"{label}, {what}: {[f'{value:.2f}' for value in y]} s for {list(x)}; R² {straight:.4f}")
    figure.savefig(out, dpi=150)
    console.print(f"written: {out}")


if __name__ == "__main__":
    typer.run(main)
