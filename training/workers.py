"""Runs a function on many items in worker processes; a failure, even the death of a process, costs one item."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, as_completed
from typing import Any, TypeVar

from pebble import ProcessPool

from models.sandbox.confinement import watch_parent

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_processes(
    function: Callable[[Item], Result], items: Sequence[Item], *, workers: int, timeout: float | None = None
) -> Iterator[tuple[Item, Result | Exception]]:
    """Yield each item with what `function` returned or raised for it, in the order of completion.

    If a process dies or takes longer than `timeout` seconds, only its own item gets an exception. `function` must be
    picklable; it runs on one thread.
    """
    pool = ProcessPool(
        max_workers=min(workers, len(items)) or 1,
        initializer=watch_parent,
        context=multiprocessing.get_context("spawn"),
    )
    try:
        futures: dict[Future[Result], Item] = {
            pool.schedule(_on_one_thread, (function, item), timeout=timeout): item for item in items
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


def _on_one_thread(function: Callable[[Any], Result], item: Any) -> Result:
    # With busy processes, several BLAS threads are slower than one, and may add in another order.
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return function(item)
