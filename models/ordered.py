"""Work on a sequence with several threads, of which the calling one is one: while it waits, it works on a later item.

With more threads than processors, one would now and then be suspended while it holds the GIL, and all others would wait
for it.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

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
    waiting: deque[tuple[T, Future[R]]] = deque()
    for item in items:
        waiting.append((item, executor.submit(function, item)))
        if len(waiting) > ahead:
            yield _first(waiting, function)
    while waiting:
        yield _first(waiting, function)


def _first(waiting: deque[tuple[T, Future[R]]], function: Callable[[T], R]) -> R:
    """Return the first result; until it is ready, process items that no thread has started."""
    _, first = waiting[0]
    for position, (item, future) in enumerate(waiting):
        if first.done():
            break
        if future.cancel():
            done: Future[R] = Future()
            done.set_result(function(item))
            waiting[position] = item, done
    return waiting.popleft()[1].result()
