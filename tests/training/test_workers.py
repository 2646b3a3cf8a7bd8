import os
import signal
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from training.workers import in_processes


def behave(what: str) -> str:
    if what == "raise":
        raise ValueError("of its own")
    if what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "hang":
        time.sleep(60)
    return what.upper()


def threads(_: int) -> list[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return [pool["num_threads"] for pool in threadpool_info()]


@pytest.mark.parametrize("workers", [1, 2])
def test_what_fails_costs_only_itself(workers: int) -> None:
    items = ["a", "raise", "b", "die", "c", "hang", "d"]
    outcomes = dict(in_processes(behave, items, workers=workers, timeout=3))
    assert outcomes.keys() == set(items)
    assert {item: outcomes[item] for item in "abcd"} == {"a": "A", "b": "B", "c": "C", "d": "D"}
    assert str(outcomes["raise"]) == "of its own"
    assert isinstance(outcomes["die"], OSError)
    assert isinstance(outcomes["hang"], TimeoutError)


def test_each_runs_on_one_thread() -> None:
    ((_, counts),) = in_processes(threads, [0], workers=1)
    assert isinstance(counts, list)
    assert counts
    assert set(counts) == {1}


def test_nothing_to_do() -> None:
    assert list(in_processes(behave, [], workers=2)) == []
