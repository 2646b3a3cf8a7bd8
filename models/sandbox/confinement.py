"""What a worker process gives up before it opens a clip: each measure is tried, and what this system lacks is named."""

import ctypes
import mmap
import multiprocessing
import os
import threading
from enum import StrEnum, auto
from multiprocessing.process import BaseProcess
from multiprocessing.util import Finalize, get_temp_dir
from pathlib import Path
from typing import Final

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4
_MNT_DETACH: Final = 2
_SIGKILL: Final = 9
_RESULT_BYTES: Final = 16 * 2**20
_OPEN_FILES: Final = 64
_NICENESS: Final = 5
"""A third of the weight of an ordinary process: enough to give way to the service, too much to starve."""
_SPARE_BYTES: Final = 64 * 2**20
"""A process fails this close to its memory limit: single allocations are as large."""


class Measure(StrEnum):
    """A measure of confinement."""

    end_with_parent = auto()  # a worker outlives the service by no more than a moment
    private_memory = auto()  # a worker cannot read the memory or the environment of the service
    no_network = auto()
    private_temp = auto()  # a worker cannot reach the socket at which the fork server starts processes
    low_priority = auto()
    memory_limit = auto()
    cpu_limit = auto()
    file_size_limit = auto()
    open_files_limit = auto()
    no_core_dumps = auto()


def isolate() -> set[Measure]:
    """Take this process out of its surroundings; to be called first, while it has one thread.

    Returns
    -------
    set of Measure
        What this system lacks.
    """
    # Only a process of one thread may enter a new user namespace.
    apart = _c("unshare", _CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWNS)
    return _missing(
        {
            Measure.no_network: apart,
            Measure.private_temp: apart and _hide_temp(),
            Measure.end_with_parent: end_with_parent(),
            Measure.low_priority: _yield_to_others(),
        }
    )


def limit(memory_bytes: int) -> set[Measure]:
    """Bound what this process may use from now on; to be called last, when libraries are loaded.

    Returns
    -------
    set of Measure
        What this system lacks.
    """
    return _missing(
        {
            Measure.no_core_dumps: _set_limit("RLIMIT_CORE", 0),
            Measure.file_size_limit: _set_limit("RLIMIT_FSIZE", _RESULT_BYTES),
            Measure.open_files_limit: _set_limit("RLIMIT_NOFILE", _OPEN_FILES),
            Measure.memory_limit: _set_limit("RLIMIT_AS", memory_bytes) and not _can_map(memory_bytes),
            Measure.cpu_limit: resource is not None,  # `limit_cpu` sets it anew for each clip
        }
    )


def limit_cpu(seconds: float) -> None:
    """Allow this process this much more CPU time, and a little to spare, where the system can limit it."""
    if resource is None:
        return
    spent = resource.getrusage(resource.RUSAGE_SELF)
    allowance = int(spent.ru_utime + spent.ru_stime + seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (allowance, resource.RLIM_INFINITY))


def _hide_temp() -> bool:
    folder = os.fsencode(get_temp_dir())
    hidden = _c("mount", b"none", folder, b"tmpfs", 0, None)
    if hidden:  # a process that made the folder itself removes it when it ends, after this
        Finalize(None, _c, ("umount2", folder, _MNT_DETACH), exitpriority=0)
    return hidden


def hide_memory() -> bool:
    """Keep other processes of this user from reading this one; returns whether the system can."""
    return _c("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)


def end_with_parent() -> bool:
    """End this process when the one that started it is gone; returns whether that can be done."""
    return _c("prctl", _PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0) or watch_parent()


def watch_parent() -> bool:
    """End this process from a thread of its own when the parent that `multiprocessing` knows is gone.

    Returns whether there is such a parent.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return False
    threading.Thread(target=_end_after, args=(parent,), daemon=True).start()
    return True


def met_memory_limit() -> bool:
    """Tell whether this process came close to its limit: libraries report that in many ways, or not at all."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        peak = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmPeak"))
        return peak > resource.getrlimit(resource.RLIMIT_AS)[0] - _SPARE_BYTES
    except (OSError, StopIteration, AttributeError):  # not Linux
        return False


def _missing(measures: dict[Measure, bool]) -> set[Measure]:
    return {measure for measure, taken in measures.items() if not taken}


def _c(function: str, *arguments: object) -> bool:
    """Call a function of the C library; False where there is none or it fails."""
    try:
        return bool(getattr(ctypes.CDLL(None), function)(*arguments) == 0)
    except (AttributeError, OSError, TypeError):
        return False


def _set_limit(name: str, value: int) -> bool:
    try:
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
    except (AttributeError, ValueError, OSError):
        return False
    return True


def _can_map(size: int) -> bool:
    """Tell whether so much address space can be had: macOS accepts a limit and does not enforce it."""
    try:
        mmap.mmap(-1, size).close()
    except OSError:
        return False
    return True


def _yield_to_others() -> bool:
    """Let the event loop of the service, which answers health checks, go before any clip."""
    try:
        os.nice(_NICENESS)
    except (AttributeError, OSError):
        return False
    return True


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
