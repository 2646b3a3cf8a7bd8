"""What runs in a worker process: the only code of the service that opens an upload.

Each worker is forked from the fork server (see `warm`), so it is without the service's web code, torch, FAISS or
scikit-learn. It holds no secret, cannot reach the network where the kernel allows it to give that up, has bounds on
memory, CPU time and files, and ends when the service does, however that ends.
"""

import ctypes
import os
import resource
import signal
import tempfile
import traceback
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.util import get_temp_dir
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.encoder import ClipEncoder
    from models.video.limits import VideoLimits

_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
_PR_SET_PDEATHSIG = 1
_RESULT_BYTES = 16 * 2**20
_OPEN_FILES = 64
_NEAR_BYTES = 64 * 2**20
"""How near a process comes to its bound on memory before an allocation fails: the largest pieces are as large."""


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


def end_with_parent() -> None:
    """Have the kernel kill this process when the one that started it is gone."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _isolate() -> None:
    """Leave the network, and hide the socket at which the fork server starts processes, where the kernel allows it."""
    libc = ctypes.CDLL(None)
    # Only a process of one thread may enter a new user namespace, so this comes before any import.
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWNS) == 0:
        libc.mount(b"none", os.fsencode(get_temp_dir()), b"tmpfs", 0, None)


def start(settings: WorkerSettings, model: Path, folder: Path) -> None:
    """Prepare this process: give up what it does not need, load the vocabulary; scratch files go to `folder`."""
    global _settings
    _settings = settings
    end_with_parent()
    _isolate()
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    os.chdir(folder)
    # The event loop of the service, which answers health checks, goes before any clip.
    os.nice(12)

    import cv2

    cv2.setNumThreads(1)
    _encoder(model).warm_up()
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, _RESULT_BYTES),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_AS, settings.memory_bytes),
    ):
        resource.setrlimit(limit, (value, value))


def ready() -> None:
    """Do nothing: that this returns says that `start` is done."""


def encode(job: Path, model: Path, threads: int) -> None:
    """Encode `job/clip` on so many threads with the bundle in `model`; the outcome is written into `job`."""
    from models.errors import ClipError
    from models.sandbox import results

    spent = resource.getrusage(resource.RUSAGE_SELF)
    allowance = int(spent.ru_utime + spent.ru_stime + threads * _settings.deadline_s) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (allowance, resource.RLIM_INFINITY))
    clip = job / "clip"
    try:
        results.write_encoding(job, _encoder(model).encode(clip, limits=_settings.limits, threads=threads))
    except Exception as error:
        if _out_of_memory():
            os._exit(1)  # what is left of the heap is not worth keeping
        if isinstance(error, ClipError):
            results.write_failure(job, error.code, str(error).replace(str(clip), "the clip"))
        else:
            results.write_failure(job, "internal_error", traceback.format_exc())


def _out_of_memory() -> bool:
    """Tell whether this process met its bound: libraries say so in many ways, a decoder by calling the clip broken."""
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(line.split()[1] for line in lines if line.startswith("VmPeak"))
    return int(peak) * 1024 > resource.getrlimit(resource.RLIMIT_AS)[0] - _NEAR_BYTES
