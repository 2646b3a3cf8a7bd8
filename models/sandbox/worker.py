"""What runs in a worker process: the only code of the service that opens an upload.

A worker holds neither the service's web code nor a secret. It gives up what `confinement` lists before it opens its
first clip.
"""

import json
import os
import tempfile
import traceback
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from models.sandbox import confinement
from models.sandbox.confinement import Measure

if TYPE_CHECKING:
    from models.encoder import ClipEncoder
    from models.video.excerpt import Excerpt
    from models.video.limits import VideoLimits

MISSING: Final = "missing.json"
"""File of a worker's folder in which it names the measures of confinement that this system lacks."""


@dataclass(frozen=True)
class WorkerSettings:
    """What a worker process is started with."""

    memory_bytes: int
    deadline_s: float
    limits: "VideoLimits"


_settings: WorkerSettings


@lru_cache(maxsize=2)
def _encoder(model: Path) -> "ClipEncoder":
    from models.bundle import Bundle
    from models.encoder import ClipEncoder

    return ClipEncoder(Bundle.open(model))


def start(settings: WorkerSettings, model: Path, folder: Path) -> None:
    """Confine this process and load the vocabulary; from then on it writes scratch files to `folder`."""
    global _settings
    _settings = settings
    missing = confinement.isolate()
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    os.chdir(folder)

    import cv2

    cv2.setNumThreads(1)
    _encoder(model).warm_up()
    (folder / MISSING).write_text(json.dumps(sorted(missing | confinement.limit(settings.memory_bytes))))


def ready() -> None:
    """Do nothing: that this returns means that `start` is done."""


def missing_measures(folder: Path) -> set[Measure]:
    """Read which measures of confinement a worker that is ready, and has not opened a clip yet, had to do without."""
    return set(map(Measure, json.loads((folder / MISSING).read_text())))


def encode(
    job: Path, model: Path, threads: int, excerpt: "Excerpt", tracks: bool = False, explain: bool = False
) -> None:
    """Encode an excerpt of `job/clip` on `threads` threads with the bundle in `model`; writes the outcome to `job`.

    A sample of its `tracks`, and the slots that `explain` hashtags, are only written if asked for.
    """
    from models.errors import ClipError
    from models.sandbox import results

    confinement.limit_cpu(threads * _settings.deadline_s)
    clip = job / "clip"
    try:
        encoded = _encoder(model).encode(
            clip, limits=_settings.limits, excerpt=excerpt, tracks=tracks, explain=explain, threads=threads
        )
        results.write_encoding(job, encoded)
    except Exception as error:
        if isinstance(error, MemoryError) or confinement.met_memory_limit():
            os._exit(1)  # what is left of the heap is not worth keeping
        if isinstance(error, ClipError):
            results.write_failure(job, error.code, str(error).replace(str(clip), "the clip"))
        else:
            results.write_failure(job, "internal_error", traceback.format_exc())
