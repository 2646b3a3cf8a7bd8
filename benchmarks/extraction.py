"""Milliseconds per frame from a clip to its Fisher vector, compared with a public optical flow.

The yardstick is `cv2.calcOpticalFlowFarneback` with the parameters of improved dense trajectories, on the same frames
at native size, on one thread. Each round times it beside the pipeline, so that a noisy machine slows both. The authors'
own program takes 4.6 times the yardstick at 480x480, without Fisher vectors.

    python -m benchmarks.extraction CLIP...
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from pathlib import Path
from statistics import median
from typing import Annotated

import cv2
import typer
from rich.console import Console
from rich.table import Table

from models.bundle import SHIPPED, Bundle
from models.clock import Clock
from models.pipeline import Pipeline
from models.trajectories.extractor import STAGES
from models.trajectories.settings import TrajectorySettings
from models.video.decoding import Video

YARDSTICK_PAIRS = 10
COLUMNS = "decode", *STAGES, "fisher"


@dataclass
class Measured:
    """Measurements of one way to encode a clip: milliseconds per frame, one entry per round."""

    stages: dict[str, list[float]] = field(default_factory=lambda: {stage: [] for stage in COLUMNS})
    totals: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)


def yardstick(clip: Path, now: Callable[[], float] = time.perf_counter) -> float:
    """Return the milliseconds of one Farneback flow, the median over pairs of frames, by a clock of seconds."""
    cv2.setNumThreads(1)
    with Video(clip) as video:
        frames = list(islice(video, YARDSTICK_PAIRS + 1))
    spent = []
    for before, after in pairwise(frames):
        start = now()
        cv2.calcOpticalFlowFarneback(  # type: ignore[call-overload]
            before, after, None, 0.5**0.5, 8, 10, 2, 7, 1.5, cv2.OPTFLOW_FARNEBACK_GAUSSIAN
        )
        spent.append((now() - start) * 1e3)
    return median(spent)


def pipeline_with(settings: TrajectorySettings) -> Pipeline:
    """Return the pipeline of the bundle that ships, with other settings of trajectories."""
    shipped = Bundle.open(SHIPPED)
    changed = shipped.manifest.settings.model_copy(update={"trajectories": settings})
    return Pipeline(replace(shipped, manifest=shipped.manifest.model_copy(update={"settings": changed})))


def main(
    clips: Annotated[list[Path], typer.Argument(metavar="CLIP...")],
    rounds: Annotated[int, typer.Option(min=1, help="Take medians over this many rounds.")] = 5,
) -> None:
    """Measure each clip with both settings on one thread and on two; stages are summed over the threads."""
    pipelines = {
        "fast": pipeline_with(TrajectorySettings()),
        "reference": pipeline_with(TrajectorySettings.reference()),
    }
    table = Table(
        "clip", "setting", "threads", *COLUMNS, "total, ms", "over one Farneback", "times as fast as one thread"
    )
    for clip in clips:
        measured: dict[tuple[str, int], Measured] = {}
        for name, pipeline in pipelines.items():
            pipeline.encoder.encode(clip)  # compile, and fill the caches
            measured |= {(name, threads): Measured() for threads in (1, 2)}
        for _ in range(rounds):
            unit = yardstick(clip)
            for (name, threads), result in measured.items():
                clock = Clock()
                encoded = pipelines[name].encoder.encode(clip, threads=threads, clock=clock)
                frames = round(encoded.video.duration_s * encoded.video.fps)  # in the file, used or not
                for stage in COLUMNS:
                    result.stages[stage].append(clock.milliseconds[stage] / frames)
                spent = sum(encoded.timings_ms[stage] for stage in ("decode", "trajectories", "fisher"))
                result.totals.append(spent / frames)
                result.ratios.append(result.totals[-1] / unit)
        for (name, threads), result in measured.items():
            alone = measured[name, 1].totals
            gain = median(one / many for one, many in zip(alone, result.totals, strict=True))
            table.add_row(
                clip.stem, name, str(threads), *(f"{median(stages):.2f}" for stages in result.stages.values()),
                f"{median(result.totals):.2f}", f"{median(result.ratios):.2f}", f"{gain:.2f}",
            )  # fmt: skip
    Console(width=180).print(table)


if __name__ == "__main__":
    typer.run(main)
