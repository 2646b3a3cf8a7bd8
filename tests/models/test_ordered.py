import gc
import threading
import weakref
from collections.abc import Iterator

import pytest

from models.ordered import helpers, ordered


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("ahead", [0, 1, 7])
def test_results_come_in_order(threads: int, ahead: int) -> None:
    with helpers(threads) as executor:
        assert list(ordered(lambda n: n * n, range(50), executor, ahead)) == [n * n for n in range(50)]


def test_no_more_is_read_than_is_worked_on() -> None:
    read = 0

    def items() -> Iterator[int]:
        nonlocal read
        while read < 50:
            read += 1
            yield read

    with helpers(2) as executor:
        for result in ordered(lambda n: n, items(), executor, 3):
            assert read <= result + 3


def test_the_calling_thread_works_while_it_waits() -> None:
    """The other thread works on the first item until somebody has worked on the second."""
    second, workers = threading.Event(), []

    def work(number: int) -> int:
        workers.append(threading.get_ident())
        if number == 0:
            assert second.wait(60)
        else:
            second.set()
        return number

    with helpers(2) as executor:
        assert list(ordered(work, range(2), executor, 2)) == [0, 1]
    assert len(set(workers)) == 2


def test_errors_arrive_in_their_place() -> None:
    with helpers(2) as executor:
        results = ordered(lambda n: 1 // (3 - n), range(6), executor, 4)
        assert [next(results) for _ in range(3)] == [0, 0, 1]
        with pytest.raises(ZeroDivisionError):
            next(results)


class _Item:
    pass


def test_an_item_is_not_kept_when_it_is_done() -> None:
    living: weakref.WeakSet[_Item] = weakref.WeakSet()

    def items() -> Iterator[_Item]:
        for _ in range(20):
            item = _Item()
            living.add(item)
            yield item
            del item

    with helpers(2) as executor:
        results = ordered(lambda item: None, items(), executor, 8)
        next(results)
        executor.submit(int).result()  # type: ignore[union-attr]
        next(results)
        assert len(living) <= 4
        list(results)


def test_a_result_is_freed_without_the_garbage_collector() -> None:
    with helpers(2) as executor:
        gc.disable()
        try:
            results = [weakref.ref(result) for result in ordered(lambda _: _Item(), range(20), executor, 4)]
            executor.submit(int).result()  # type: ignore[union-attr]
            assert sum(result() is not None for result in results) <= 1
        finally:
            gc.enable()
