"""Measures how long the stages that encode a clip take."""

from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from models.bundle import SHIPPED, Bundle
from models.clock import Clock
from models.pipeline import Pipeline
from models.trajectories.extractor import STAGES
from models.trajectories.settings import TrajectorySettings
from models.video.decoding import Video

PASSES = 3


def measure(clip: Path, settings: TrajectorySettings, threads: int) -> dict[str, Any]:
    """Return milliseconds per frame for each stage: medians of three passes after a warm-up.

    Clips are encoded with the vocabulary and the image network of the shipped bundle, whatever the settings. Those of
    the extractor are summed over its threads, so with more than one thread they exceed the total.
    """
    shipped = Bundle.open(SHIPPED)
    changed = shipped.manifest.settings.model_copy(update={"trajectories": settings})
    manifest = shipped.manifest.model_copy(update={"settings": changed})
    pipeline = Pipeline(replace(shipped, manifest=manifest))
    pipeline.encoder.encode(clip, threads=threads)
    clocks = [Clock() for _ in range(PASSES)]
    passes = [pipeline.encoder.encode(clip, threads=threads, clock=clock) for clock in clocks]
    frames = passes[0].video.frames_used
    stages = {
        stage: median(clock.milliseconds[stage] for clock in clocks) / frames
        for stage in ("decode", *STAGES, "fisher", "appearance")
    }
    total = median(sum(one.timings_ms.values()) for one in passes) / frames
    with Video(
        clip, working_side=settings.working_side, through_bgr=settings.through_bgr, repeats=settings.repeats
    ) as video:
        working_width, working_height = video.size
    return {
        "frames": frames,
        "width": passes[0].video.width,
        "height": passes[0].video.height,
        "working_width": working_width,
        "working_height": working_height,
        "threads": threads,
        "ms_per_frame": {**stages, "total": total},
    }
