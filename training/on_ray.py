"""Runs a function on many items on a Ray cluster, as `training.workers.in_processes` does on one machine.

A clip cannot end the process that Ray watches: as there, it is opened in a process of its own, which may die, or be
ended after the time limit. So Ray repeats only what a machine takes with it, as often as it does by default: three
times, and not for ever as Ray Data. A clip is a task, so that is all that a lost machine costs.
"""

import os
import platform
from collections.abc import Callable, Generator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import ray
from pebble import ProcessPool

from cluster.connection import RayError, connected
from training.code_version import code_version
from training.workers import on_one_thread, processes

Item = TypeVar("Item")
Result = TypeVar("Result")

_UNDER_WAY: Final = 1000
"""Items that Ray is told of at a time: enough for any cluster, few enough to look through for each that ends."""
_SECONDS_TO_STOP: Final = 30.0


def execute(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    address: str,
    folders: Sequence[Path],
    timeout: float | None = None,
) -> Generator[tuple[Item, Result | Exception], None, None]:
    """Yield each item with what `function` returned or raised for it, in the order of completion.

    Parameters
    ----------
    function : callable
        Of the top level of a module of ours.
    items : sequence
    address : str
        The cluster's; see `cluster.connection.connected`.
    folders : sequence of Path
        Absolute paths of folders, not empty, that every machine must see.
    timeout : float, optional
        Seconds that an item may take.

    Raises
    ------
    RayError
        If there is no such cluster, or one of its machines lacks a folder or has another version of the code.
    """
    if not items:
        return
    with connected(address):
        work = ray.remote(num_cpus=1)(_work)
        same = code_version(function), [str(folder) for folder in folders]
        waiting = iter(items)
        under_way: dict[Any, Item] = {}
        try:
            while True:
                for item in islice(waiting, _UNDER_WAY - len(under_way)):
                    under_way[work.remote(function, item, timeout, *same)] = item
                if not under_way:
                    break
                (done,), _ = ray.wait(list(under_way))
                yield under_way.pop(done), _outcome(done)
        finally:
            for task in under_way:
                ray.cancel(task, force=True)
            if under_way:
                ray.wait(list(under_way), num_returns=len(under_way), timeout=_SECONDS_TO_STOP)


def _outcome(task: Any) -> Any:
    try:
        return ray.get(task)
    # What the item has done to its machine, every time that Ray tried.
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError, ray.exceptions.OutOfMemoryError) as error:
        return error


def _work(function: Callable[[Any], Any], item: Any, timeout: float | None, version: str, folders: list[str]) -> Any:
    """Return what `function` returns or raises for the item; runs on the cluster."""
    if code_version(function) != version:
        raise RayError(f"{platform.node()} has another version of the code: install the same version everywhere.")
    for folder in folders:
        if not _sees(folder):
            raise RayError(f"{platform.node()} does not see what is in {folder}: mount it there under this path.")
    running = _process().schedule(on_one_thread, (function, item), timeout=timeout)
    try:
        return running.result()
    except Exception as error:  # whatever it is, the other items go on
        return error


def _sees(folder: str) -> bool:
    """Return whether there is anything in a folder: the place of a mount is there, and empty, without it."""
    try:
        with os.scandir(folder) as entries:
            return any(entries)
    except OSError:
        return False


@cache
def _process() -> ProcessPool:
    """Return a pool of one process, which stays for the next item."""
    return processes(1)
