"""How long the extractor and the Fisher encoding take for a clip."""

from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from models.bundle import SHIPPED, Bundle
from models.bundle.manifest import Settings
from models.clock import Clock
from models.pipeline import Pipeline
from models.trajectories.extractor import STAGES
from models.trajectories.settings import TrajectorySettings
from models.video.decoding import Video

PASSES = 3


def measure(clip: Path, settings: TrajectorySettings, threads: int) -> dict[str, Any]:
    """Return milliseconds a frame from the clip to its Fisher vector, medians of three passes after a warm one.

    The codebooks are those of the bundle that ships, whatever the settings. Stages are added up over the threads, so
    with more than one they come to more than the total.
    """
    shipped = Bundle.open(SHIPPED)
    manifest = shipped.manifest.model_copy(update={"settings": Settings(trajectories=settings)})
    pipeline = Pipeline(replace(shipped, manifest=manifest))
    pipeline.encoder.encode(clip, threads=threads)
    clocks = [Clock() for _ in range(PASSES)]
    passes = [pipeline.encoder.encode(clip, threads=threads, clock=clock) for clock in clocks]
    frames = passes[0].video.frames_used
    stages = {
        stage: median(clock.milliseconds[stage] for clock in clocks) / frames for stage in ("decode", *STAGES, "fisher")
    }
    total = median(sum(one.timings_ms.values()) for one in passes) / frames
    with Video(clip, working_side=settings.working_side) as video:
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
