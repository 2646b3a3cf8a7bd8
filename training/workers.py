"""One function for many items, in processes that may die: what fails is told, the rest goes on."""

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
    """Yield every item with what `function` returned or raised for it, as they come.

    A process that dies or takes more than `timeout` seconds costs its own item an exception and nobody else
    anything. `function` must be one that can be pickled; it runs on one thread.
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
            except Exception as error:  # whatever it is, it is this item's alone
                outcome = error
            yield item, outcome
    finally:
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()


def _on_one_thread(function: Callable[[Any], Result], item: Any) -> Result:
    # Several BLAS threads beside busy processes are slower than one, and may sum in another order.
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return function(item)
