"""The environment of this process and of its children: no secrets, and one thread for each library."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_KEPT: Final = {
    "HOME",
    "LANG",
    "LC_ALL",
    "NUMBA_CACHE_DIR",
    "NUMBA_CPU_FEATURES",
    "NUMBA_CPU_NAME",
    "PATH",
    "TAG2VEC_LOG_LEVEL",
    "TAG2VEC_THREADS",
    "TMPDIR",
    "TZ",
}
_THREADS: Final = ("OMP", "OPENBLAS", "MKL", "NUMBA")


def pin_threads() -> None:
    """Have numeric libraries use one thread each; they read this as they are imported.

    The service runs as many processes and threads as there are processors itself.
    """
    for library in _THREADS:
        os.environ[f"{library}_NUM_THREADS"] = "1"


def forget_secrets() -> None:
    """Drop every variable that may hold a secret: workers inherit the environment.

    Nor do children import from the current directory, which may hold a folder called `models` or `service`.
    """
    for name in list(os.environ):
        if name not in _KEPT and not name.startswith("PYTHON"):
            del os.environ[name]
    pin_threads()
    os.environ["PYTHONSAFEPATH"] = "1"


@contextmanager
def without_secrets() -> Iterator[None]:
    """Forget secrets, as `forget_secrets` does, for as long as a child process is being started."""
    before = dict(os.environ)
    forget_secrets()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
