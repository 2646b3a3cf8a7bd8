"""The fork server: a warm process without secrets, sockets or clips, from which every worker is forked."""

import os
from multiprocessing import forkserver
from typing import Final

_PRELOAD: Final = "service.workers.preload"


def start() -> None:
    """Start the fork server unless it runs; only from the main thread, since it ends with the thread that started it.

    Returns at once: libraries and kernels load in the background.
    """
    forkserver.set_forkserver_preload([_PRELOAD])
    forkserver.ensure_running()


def kill() -> None:
    """Kill the fork server and every worker with it; calls that wait for it to start one fail at once."""
    pid = getattr(forkserver, "_forkserver")._forkserver_pid  # noqa: B009 - there is no public way to stop it
    if pid is not None:
        os.kill(pid, 9)
