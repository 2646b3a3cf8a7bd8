"""The trajectory descriptors of a clip, in a file named after all that they depend on.

The name is a hash of the clip's content, the settings and the code, so that an interrupted training continues with the
next clip, and clips shared by several configurations are described once.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import load_file, save

from models.atomic_write import atomic_write
from models.errors import Tag2VecError
from models.trajectories.descriptor_layout import WIDTH
from models.trajectories.extractor import extract
from models.trajectories.settings import TrajectorySettings
from models.trajectories.short_clips import lengthened
from models.video.decoding import Video
from training.code_version import code_version
from training.json_file import digest

LEFTOVERS = ".*.partial.safetensors"
"""Pattern of the files that a killed process leaves behind."""


class DescriptorsError(Tag2VecError):
    """There are no descriptors to go on with."""


@dataclass(frozen=True)
class DescriptorJob:
    """A clip to be described, and the file for its descriptors."""

    clip: Path
    file: Path
    settings: TrajectorySettings


def file_name(content: str, settings: TrajectorySettings) -> str:
    """Return the name of the file of descriptors of a clip whose SHA-256 is `content`."""
    return f"{digest([content, [asdict(settings), code_version(describe)]])[:40]}.safetensors"


def describe(job: DescriptorJob) -> None:
    """Write a clip's descriptors and its size to the file, whole or not at all."""
    cv2.setNumThreads(1)
    with Video(
        job.clip,
        working_side=job.settings.working_side,
        through_bgr=job.settings.through_bgr,
        repeats=job.settings.repeats,
        fps=job.settings.fps,
    ) as video:
        frames = lengthened(iter(video), job.settings.length + 1)
        batches = [batch.descriptors.astype(np.float16) for batch in extract(frames, job.settings)]
        info = video.info
    descriptors = np.concatenate([np.empty((0, WIDTH), np.float16), *batches])
    facts = {
        "trajectories": len(descriptors),
        "frames": info.frames_used,
        "width": info.width,
        "height": info.height,
    }
    with atomic_write(job.file) as partial:
        partial.write_bytes(save({"descriptors": descriptors}, metadata={"facts": json.dumps(facts)}))


def read_facts(file: Path) -> dict[str, int]:
    """Return the number of trajectories and of frames, and the native width and height in pixels."""
    with safe_open(file, "numpy") as tensors:
        facts: dict[str, int] = json.loads(tensors.metadata()["facts"])
    return facts


def read_descriptors(file: Path) -> NDArray[np.float16]:
    """Return a clip's descriptors, float16 (trajectories, 426).

    Raises
    ------
    DescriptorsError
        If the file is gone.
    """
    try:
        descriptors: NDArray[np.float16] = load_file(file)["descriptors"]
    except FileNotFoundError:
        raise DescriptorsError(
            f"{file} is gone: delete {file.parent.parent / 'features.json'} and run the stage 'features' again."
        ) from None
    return descriptors
