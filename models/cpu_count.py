"""How many processors this process may use: one answer for workers, threads, BLAS, OpenCV, Numba and FFmpeg."""

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
    """`TAG2VEC_THREADS` is not a positive whole number."""


def processors() -> int:
    """Return how many processors this process may use, at least 1.

    `TAG2VEC_THREADS` if it is set. Otherwise the processors in its affinity mask or those that its container's CPU
    quota amounts to, rounded up, whichever are fewer (2 under `docker run --cpus=2` on a host with 64).

    Raises
    ------
    ProcessorsError
        If `TAG2VEC_THREADS` is not a whole number of at least 1.
    """
    if wanted := os.environ.get(VARIABLE):
        if not wanted.isdecimal() or int(wanted) < 1:
            raise ProcessorsError(f"{VARIABLE} must be a whole number of at least 1, not {wanted!r}")
        return int(wanted)
    return max(1, min([_affinity(), *_quotas(CGROUPS, MEMBERSHIP)]))


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):  # Linux only
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(cgroups: Path, membership: Path) -> Iterator[int]:
    """Yield the CPU quota of each control group that holds this process (cgroup v1 or v2), in whole processors.

    Inside a container its own group is often mounted as the root, whatever its path on the host. So the root counts,
    too, besides the groups along the path.
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
            yield math.ceil(int(quota) / int(period))  # "max", no quota, is not a number: ValueError
        with suppress(OSError, ValueError):
            microseconds = int((version_1 / "cpu.cfs_quota_us").read_text(encoding="ascii"))
            if microseconds > 0:  # -1: no quota
                yield math.ceil(microseconds / int((version_1 / "cpu.cfs_period_us").read_text(encoding="ascii")))
