"""How many processors this process may use: the one answer for workers, threads, BLAS, OpenCV, numba and FFmpeg."""

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from models.errors import Tag2VecError

VARIABLE = "TAG2VEC_THREADS"
CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


class ProcessorsError(Tag2VecError):
    """The number of processors that was asked for is none."""


def processors() -> int:
    """Return how many processors this process may use, at least 1.

    `TAG2VEC_THREADS` if it is set; else those that the system lets it run on, or as many as its container's CPU quota
    is worth, rounded up (`docker run --cpus=2` on a host of 64: 2).

    Raises
    ------
    ProcessorsError
        If `TAG2VEC_THREADS` is not a whole number from 1.
    """
    if wanted := os.environ.get(VARIABLE):
        if not wanted.isdecimal() or int(wanted) < 1:
            raise ProcessorsError(f"{VARIABLE} must be a whole number from 1, not {wanted!r}")
        return int(wanted)
    return max(1, min([_affinity(), *_quotas(CGROUPS, MEMBERSHIP)]))


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):  # Linux alone
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(cgroups: Path, membership: Path) -> Iterator[int]:
    """Yield what each control group over this process, version 1 or 2, allows, in whole processors.

    Seen from within a container the group is often the root of what is mounted, whatever its name is outside, so the
    root counts as well as the groups on the path to it.
    """
    paths = {"/"}
    with suppress(OSError):
        for line in membership.read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers or "cpu" in controllers.split(","):
                paths |= {str(part) for part in (Path(path), *Path(path).parents)}
    for path in paths:
        version_2 = cgroups / path.lstrip("/") / "cpu.max"
        version_1 = cgroups / "cpu" / path.lstrip("/")
        with suppress(OSError, ValueError):
            quota, period = version_2.read_text(encoding="ascii").split()
            yield math.ceil(int(quota) / int(period))  # "max": no quota, and no number
        with suppress(OSError, ValueError):
            microseconds = int((version_1 / "cpu.cfs_quota_us").read_text(encoding="ascii"))
            if microseconds > 0:  # -1: no quota
                yield math.ceil(microseconds / int((version_1 / "cpu.cfs_period_us").read_text(encoding="ascii")))
