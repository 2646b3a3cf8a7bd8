"""The thread for embedding and search."""

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_SWITCH_S: Final = 0.0005
"""Seconds that the event loop waits for the interpreter lock while a search holds it; a request needs it many times."""


class ComputeThread:
    """One thread for what takes milliseconds: several would only compete for the interpreter lock."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, "compute")
        sys.setswitchinterval(_SWITCH_S)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function on the thread and return what it returns."""
        call = partial(function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._executor, call)

    def stop(self) -> None:
        """Drop what has not begun yet and wait for what has."""
        self._executor.shutdown(cancel_futures=True)
