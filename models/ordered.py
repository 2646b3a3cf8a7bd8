"""Ordered parallel map that includes the calling thread: while it waits for a result, it processes a later item.

With more threads than processors, one would sometimes be suspended while holding the GIL, and all others would wait
for it.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


def helpers(threads: int) -> AbstractContextManager[ThreadPoolExecutor | None]:
    """Return the threads beside the calling one; None if there are none."""
    return ThreadPoolExecutor(threads - 1) if threads > 1 else nullcontext()


def ordered(
    function: Callable[[T], R], items: Iterable[T], executor: ThreadPoolExecutor | None, ahead: int
) -> Iterator[R]:
    """Yield the results in order, computing up to `ahead` more on the executor's threads and the calling one."""
    if executor is None:
        yield from map(function, items)
        return
    waiting: deque[_Task[T, R]] = deque()
    for item in items:
        waiting.append(_Task(executor.submit(function, item), item))
        if len(waiting) > ahead:
            yield _first(waiting, function)
    while waiting:
        yield _first(waiting, function)


class _Task(Generic[T, R]):
    """An item that is released once its result is ready: items are large."""

    def __init__(self, future: "Future[R]", item: T) -> None:
        self.future = future
        # In a list, which the future may know: if it knew the task, only the garbage collector would free the result.
        self._item = [item]
        future.add_done_callback(partial(_release, self._item))

    def take(self) -> T | None:
        """Take the item back from the executor; None if it is being processed or done."""
        item = next(iter(self._item), None)
        return item if item is not None and self.future.cancel() else None


def _release(item: list[T], _: "Future[R]") -> None:
    item.clear()


def _first(waiting: "deque[_Task[T, R]]", function: Callable[[T], R]) -> R:
    """Return the first result; until it is ready, process items that no thread has started."""
    for task in waiting:
        if waiting[0].future.done():
            break
        item = task.take()
        if item is not None:
            task.future = Future()
            task.future.set_result(function(item))
    return waiting.popleft().future.result()
