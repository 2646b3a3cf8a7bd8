"""Features: the trajectory descriptors of every clip, one file a clip, on disk and never all in memory.

A clip's file is named by what it was made from (content, settings, code), so that an interrupted run goes on with the
next clip, and clips shared by several configurations are described once.
"""

import json
import logging
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, TypeAdapter
from safetensors import safe_open
from safetensors.numpy import load_file, save

import models.trajectories
import models.video
import models.video.container
import models.video.luma
from models.checksum import file_sha256
from models.errors import Tag2VecError
from models.trajectories.extractor import extract
from models.trajectories.layout import WIDTH
from models.trajectories.settings import TrajectorySettings
from models.video.decoding import Video
from training.clips import Clip
from training.progress import track
from training.stage import code_version, digest, write_json
from training.workers import in_processes

log = logging.getLogger(__name__)

CODE: tuple[ModuleType, ...] = (models.video, models.video.container, models.video.luma, models.trajectories)
"""What descriptors depend on."""

TIMEOUT = 900.0
"""Seconds that one clip may take."""

TABLE = "features.json"


class FeaturesError(Tag2VecError):
    """There are no descriptors to go on with."""


class Features(BaseModel):
    """A row of the table: a clip and what came of it.

    Attributes
    ----------
    clip : Clip
    status : str
        `duplicate`: the same bytes as an earlier clip.
    reason : str
        Why it is not kept, in words.
    descriptors : str
        Name of the file of descriptors, where the clip is kept.
    trajectories, frames, width, height : int
        `width` and `height` are native pixels.
    """

    clip: Clip
    status: Literal["kept", "failed", "no_trajectories", "duplicate"]
    reason: str = ""
    descriptors: str = ""
    trajectories: int = 0
    frames: int = 0
    width: int = 0
    height: int = 0


def extract_features(
    out: Path, *, clips: Sequence[Clip], root: Path, cache: Path, settings: TrajectorySettings, workers: int
) -> None:
    """Describe every clip under `root` into a file in `cache`, and write the table of all into `out`."""
    cache.mkdir(parents=True, exist_ok=True)
    for leftover in cache.glob("*.partial"):
        leftover.unlink()
    made_by = [asdict(settings), code_version(*CODE)]
    rows: dict[str, Features] = {}
    jobs: dict[Clip, Job] = {}
    first: dict[str, Clip] = {}
    for clip in clips:
        try:
            content = file_sha256(root / clip.path)
        except OSError as error:
            rows[clip.path] = Features(clip=clip, status="failed", reason=f"cannot be read: {error.strerror}")
            continue
        if content in first:
            reason = f"the same bytes as {first[content].path}"
            rows[clip.path] = Features(clip=clip, status="duplicate", reason=reason)
        else:
            first[content] = clip
            name = f"{digest([content, made_by])[:40]}.safetensors"
            jobs[clip] = Job(root / clip.path, cache / name, settings)

    todo = {job: clip for clip, job in jobs.items() if not job.file.exists()}
    if len(todo) < len(jobs):
        log.info("features: %d of %d clips were described before", len(jobs) - len(todo), len(jobs))
    outcomes = in_processes(describe, list(todo), workers=workers, timeout=TIMEOUT)
    for job, outcome in track(outcomes, "features", len(todo)):
        if isinstance(outcome, Exception):
            clip = todo[job]
            log.warning("features: %s failed: %s", clip.path, outcome or type(outcome).__name__)
            rows[clip.path] = Features(clip=clip, status="failed", reason=str(outcome) or type(outcome).__name__)

    for clip, job in jobs.items():
        if clip.path not in rows:
            facts = _facts(job.file)
            kept = facts["trajectories"] > 0
            rows[clip.path] = Features(
                clip=clip,
                status="kept" if kept else "no_trajectories",
                reason="" if kept else "nothing in it moves long enough to be tracked",
                descriptors=job.file.name if kept else "",
                **facts,
            )
    table = [rows[clip.path] for clip in clips]
    for status, count in Counter(row.status for row in table).items():
        log.info("features: %d clips %s", count, status.replace("_", " "))
    if not any(row.status == "kept" for row in table):
        raise FeaturesError(f"none of {len(clips)} clips gave a trajectory; the first: {table[0].reason}.")
    write_json(out / TABLE, [row.model_dump() for row in table])


def read_table(folder: Path) -> list[Features]:
    """Return what came of every clip, in the order of the list."""
    return TypeAdapter(list[Features]).validate_json((folder / TABLE).read_bytes())


def read_kept(folder: Path) -> list[Features]:
    """Return the clips that have descriptors, in the order of the list."""
    return [row for row in read_table(folder) if row.status == "kept"]


def read_descriptors(file: Path) -> NDArray[np.float16]:
    """Return one clip's descriptors, float16 (trajectories, 426)."""
    try:
        descriptors: NDArray[np.float16] = load_file(file)["descriptors"]
    except FileNotFoundError:
        raise FeaturesError(
            f"{file} is gone: delete {file.parent.parent / 'features.json'} and run the stage 'features' again."
        ) from None
    return descriptors


@dataclass(frozen=True)
class Job:
    """One clip to be described, and the file to do it in."""

    clip: Path
    file: Path
    settings: TrajectorySettings


def describe(job: Job) -> None:
    """Write one clip's descriptors, and how large it is, to its file; whole or not at all."""
    cv2.setNumThreads(1)
    with Video(job.clip, working_side=job.settings.working_side) as video:
        batches = [batch.descriptors.astype(np.float16) for batch in extract(video, job.settings)]
        info = video.info
    descriptors = np.concatenate([np.empty((0, WIDTH), np.float16), *batches])
    facts = {
        "trajectories": len(descriptors),
        "frames": info.frames_used,
        "width": info.width,
        "height": info.height,
    }
    partial = job.file.with_suffix(f".{os.getpid()}.partial")
    partial.write_bytes(save({"descriptors": descriptors}, metadata={"facts": json.dumps(facts)}))
    partial.replace(job.file)


def _facts(file: Path) -> dict[str, int]:
    with safe_open(file, "numpy") as tensors:
        facts: dict[str, int] = json.loads(tensors.metadata()["facts"])
    return facts
