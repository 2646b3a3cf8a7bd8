"""Features: the descriptors of all clips, each in a file of its own (`training.descriptors`), and a table of them."""

import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, TypeAdapter

from models.checksum import file_sha256
from models.errors import Tag2VecError
from models.trajectories.settings import TrajectorySettings
from training.artifacts import Artifacts
from training.clips import Clip
from training.descriptors import LEFTOVERS, DescriptorJob, describe, file_name, read_facts
from training.json_file import write_json
from training.progress import track
from training.workers import Execute

log = logging.getLogger(__name__)

TIMEOUT = 900.0
"""Seconds that a clip may take."""

TABLE = "features.json"


class FeaturesError(Tag2VecError):
    """There are too few descriptors to learn from."""


class Features(BaseModel):
    """A row of the table: a clip and its outcome.

    Attributes
    ----------
    clip : Clip
    status : str
        `duplicate`: the same bytes as an earlier clip.
    reason : str
        Why the clip is not kept.
    descriptors : str
        Name of the file of descriptors of a clip that is kept.
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
    out: Path,
    artifacts: Artifacts,
    *,
    clips: Sequence[Clip],
    root: Path,
    settings: TrajectorySettings,
    execute: Execute,
) -> None:
    """Describe the clips, whose paths start at `root`, and write the table of them.

    A clip that cannot be described is logged and left out. `execute` decides where they are described.

    Raises
    ------
    FeaturesError
        If not a single clip has a trajectory.
    """
    root, cache = root.absolute(), artifacts.descriptors.absolute()  # other machines start elsewhere
    cache.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(cache)
    rows: dict[str, Features] = {}
    jobs: dict[Clip, DescriptorJob] = {}
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
            jobs[clip] = DescriptorJob(root / clip.path, cache / file_name(content, settings), settings)

    todo = {job: clip for clip, job in jobs.items() if not job.file.exists()}
    if len(todo) < len(jobs):
        log.info("features: %d of %d clips are described already", len(jobs) - len(todo), len(jobs))
    try:
        with closing(execute(describe, list(todo), timeout=TIMEOUT)) as outcomes:
            for job, outcome in track(outcomes, "features", len(todo)):
                if isinstance(outcome, Exception):
                    clip = todo[job]
                    reason = str(outcome) or type(outcome).__name__
                    log.warning("features: %s failed: %s", clip.path, reason)
                    rows[clip.path] = Features(clip=clip, status="failed", reason=reason)
    finally:
        _remove_leftovers(cache)

    for clip, job in jobs.items():
        if clip.path not in rows:
            facts = read_facts(job.file)
            kept = facts["trajectories"] > 0
            rows[clip.path] = Features(
                clip=clip,
                status="kept" if kept else "no_trajectories",
                reason="" if kept else "nothing in it moves for long enough to be tracked",
                descriptors=job.file.name if kept else "",
                **facts,
            )
    table = [rows[clip.path] for clip in clips]
    for status, count in Counter(row.status for row in table).items():
        log.info("features: %d clips %s", count, status.replace("_", " "))
    if not any(row.status == "kept" for row in table):
        raise FeaturesError(
            f"none of {len(clips)} clips has a trajectory; the reason for the first: {table[0].reason}."
        )
    write_json(out / TABLE, [row.model_dump() for row in table])


def _remove_leftovers(cache: Path) -> None:
    for leftover in cache.glob(LEFTOVERS):
        leftover.unlink(missing_ok=True)


def read_table(folder: Path) -> list[Features]:
    """Return the rows of all clips, in the order of the list."""
    return TypeAdapter(list[Features]).validate_json((folder / TABLE).read_bytes())


def read_kept(folder: Path) -> list[Features]:
    """Return the rows of the clips that have descriptors, in the order of the list."""
    return [row for row in read_table(folder) if row.status == "kept"]


def rows_of(folder: Path, clips: Sequence[Clip]) -> list[int]:
    """Return the numbers of some of the clips that have descriptors, among all of these."""
    rows = {row.clip.path: number for number, row in enumerate(read_kept(folder))}
    return [rows[clip.path] for clip in clips]
