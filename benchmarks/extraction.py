"""Milliseconds a frame from a clip to its Fisher vector, and how that compares with one public optical flow.

The yardstick is `cv2.calcOpticalFlowFarneback` with the parameters of improved dense trajectories on the same frames
at native size, on one thread; every round times it beside the pipeline, so that a noisy machine slows both. The
authors' own program takes 4.6 times the yardstick at 480x480, without a Fisher vector.

    python -m benchmarks.extraction CLIP...
"""

import time
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from pathlib import Path
from statistics import median
from typing import Annotated

import cv2
import typer
from rich.console import Console
from rich.table import Table

from models.bundles import SHIPPED, Bundle
from models.manifest import Settings
from models.pipeline import Pipeline
from models.trajectories import TrajectorySettings
from models.video import Video

YARDSTICK_PAIRS = 10
STAGES = "decode", "trajectories", "fisher"


@dataclass
class Measured:
    """What was measured of one way to encode a clip, one entry a round."""

    stages: dict[str, list[float]] = field(default_factory=lambda: {stage: [] for stage in STAGES})
    ratios: list[float] = field(default_factory=list)


def yardstick(clip: Path) -> float:
    """Milliseconds of one Farneback flow, the median over pairs of frames."""
    cv2.setNumThreads(1)
    with Video(clip) as video:
        frames = list(islice(video, YARDSTICK_PAIRS + 1))
    spent = []
    for before, after in pairwise(frames):
        start = time.perf_counter()
        cv2.calcOpticalFlowFarneback(  # type: ignore[call-overload]
            before, after, None, 0.5**0.5, 8, 10, 2, 7, 1.5, cv2.OPTFLOW_FARNEBACK_GAUSSIAN
        )
        spent.append((time.perf_counter() - start) * 1e3)
    return median(spent)


def pipeline_with(settings: TrajectorySettings) -> Pipeline:
    """Return the pipeline of the bundle that ships, with other trajectories."""
    shipped = Bundle.open(SHIPPED)
    manifest = shipped.manifest.model_copy(update={"settings": Settings(trajectories=settings)})
    return Pipeline(replace(shipped, manifest=manifest))


def main(
    clips: Annotated[list[Path], typer.Argument(metavar="CLIP...")],
    rounds: Annotated[int, typer.Option(min=1, help="Medians are over this many rounds.")] = 5,
) -> None:
    """Measure every clip at both settings on one thread and on two."""
    pipelines = {
        "fast": pipeline_with(TrajectorySettings()),
        "reference": pipeline_with(TrajectorySettings.reference()),
    }
    table = Table("clip", "setting", "threads", *(f"{stage}, ms" for stage in STAGES), "total, ms", "over Farneback")
    for clip in clips:
        measured: dict[tuple[str, int], Measured] = {}
        for name, pipeline in pipelines.items():
            pipeline.encode(clip)  # compile and fill the caches
            measured |= {(name, threads): Measured() for threads in (1, 2)}
        for _ in range(rounds):
            unit = yardstick(clip)
            for (name, threads), result in measured.items():
                encoded = pipelines[name].encode(clip, threads=threads)
                for stage in STAGES:
                    result.stages[stage].append(encoded.timings_ms[stage] / encoded.video.frames_used)
                total = sum(stages[-1] for stages in result.stages.values())
                result.ratios.append(total / unit)
        for (name, threads), result in measured.items():
            totals = [sum(stages) for stages in zip(*result.stages.values(), strict=True)]
            table.add_row(
                clip.stem, name, str(threads), *(f"{median(stages):.2f}" for stages in result.stages.values()),
                f"{median(totals):.2f}", f"{median(result.ratios):.2f}",
            )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
