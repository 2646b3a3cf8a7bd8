"""Wall-clock time spent in each stage."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

T = TypeVar("T")


class Clock:
    """Adds up milliseconds by stage; safe to use from several threads.

    Attributes
    ----------
    milliseconds : dict
        Stages in the order in which they were first timed.
    """

    def __init__(self, milliseconds: dict[str, float] | None = None) -> None:
        self.milliseconds = milliseconds or {}
        self._lock = Lock()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time that the block takes to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = (time.perf_counter() - start) * 1e3
            with self._lock:
                self.milliseconds[name] = self.milliseconds.get(name, 0.0) + spent

    def spent(self, name: str, items: Iterable[T]) -> Iterator[T]:
        """Yield the items, adding the time spent waiting for each to a stage."""
        iterator = iter(items)
        while True:
            with self.stage(name):
                item = next(iterator, None)
            if item is None:
                return
            yield item
