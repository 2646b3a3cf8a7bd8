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
        time.sleep(600)
    return what.upper()


def threads(_: int) -> list[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return [pool["num_threads"] for pool in threadpool_info()]


@pytest.mark.slow
def test_a_failure_costs_only_its_own_item() -> None:
    items = ["a", "raise", "b", "die", "c", "hang", "d"]
    # On a busy machine, the others may take seconds as well.
    outcomes = dict(in_processes(behave, items, workers=2, timeout=20))
    assert outcomes.keys() == set(items)
    assert {item: outcomes[item] for item in "abcd"} == {"a": "A", "b": "B", "c": "C", "d": "D"}
    assert str(outcomes["raise"]) == "of its own"
    assert isinstance(outcomes["die"], OSError)
    assert isinstance(outcomes["hang"], TimeoutError)


@pytest.mark.slow
def test_each_runs_on_one_thread() -> None:
    ((_, counts),) = in_processes(threads, [0], workers=1)
    assert isinstance(counts, list)
    assert counts
    assert set(counts) == {1}


@pytest.mark.slow
def test_nothing_to_do() -> None:
    assert list(in_processes(behave, [], workers=2)) == []
