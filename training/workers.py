"""Runs a function on many items in worker processes; a failure, even the death of a process, costs one item."""

import multiprocessing
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, as_completed
from typing import Any, Protocol, TypeVar

from pebble import ProcessPool

from models.sandbox.confinement import watch_parent

Item = TypeVar("Item")
Result = TypeVar("Result")


class Execute(Protocol):
    """Runs a function on many items, here (`in_processes`) or elsewhere (`training.on_ray`)."""

    def __call__(
        self, function: Callable[[Item], Result], items: Sequence[Item], *, timeout: float | None = None
    ) -> Generator[tuple[Item, Result | Exception], None, None]:
        """Yield each item with its outcome; see `in_processes`."""
        ...


def in_processes(
    function: Callable[[Item], Result], items: Sequence[Item], *, workers: int, timeout: float | None = None
) -> Generator[tuple[Item, Result | Exception], None, None]:
    """Yield each item with what `function` returned or raised for it, in the order of completion.

    If a process dies or takes longer than `timeout` seconds, only its own item gets an exception. `function` must be
    picklable; it runs on one thread.
    """
    pool = processes(min(workers, len(items)) or 1)
    try:
        futures: dict[Future[Result], Item] = {
            pool.schedule(on_one_thread, (function, item), timeout=timeout): item for item in items
        }
        for future in as_completed(futures):
            item = futures.pop(future)
            try:
                outcome: Result | Exception = future.result()
            except Exception as error:  # whatever it is, the other items go on
                outcome = error
            yield item, outcome
    finally:
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()


def processes(workers: int) -> ProcessPool:
    """Return a pool of processes that end with this one."""
    return ProcessPool(max_workers=workers, initializer=watch_parent, context=multiprocessing.get_context("spawn"))


def on_one_thread(function: Callable[[Any], Result], item: Any) -> Result:
    """Return what the function returns, computed on one thread."""
    # With busy processes, several BLAS threads are slower than one, and may add in another order.
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return function(item)
