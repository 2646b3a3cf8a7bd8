"""The fork server: a warm process without secrets, sockets or clips, from which every worker is forked."""

import os
from multiprocessing import forkserver
from typing import Final

from service import environment

_PRELOAD: Final = "service.workers.preload"


def start() -> None:
    """Start the fork server unless it runs; only from the main thread, since it ends with the thread that started it.

    Returns at once: libraries and kernels load in the background.
    """
    if _is_running():
        return
    forkserver.set_forkserver_preload([_PRELOAD])
    with environment.without_secrets():  # those that this process itself still needs, such as a storage's
        forkserver.ensure_running()


def _is_running() -> bool:
    pid = _pid()
    if pid is None:
        return False
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except ChildProcessError:
        return False


def _pid() -> int | None:
    pid: int | None = getattr(forkserver, "_forkserver")._forkserver_pid  # noqa: B009 - there is no public way
    return pid


def kill() -> None:
    """Kill the fork server and every worker with it; calls that wait for it to start one fail at once."""
    pid = _pid()
    if pid is not None:  # there is no public way to stop it
        os.kill(pid, 9)
