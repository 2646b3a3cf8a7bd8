"""What is read from a worker: pebble's messages and nothing else."""

import builtins
import os
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from pebble.common.types import Result, ResultStatus
from pebble.pool.process import TaskResult

from service.workers.process import _Reader


class Sent:
    """Pickled as the call of a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.call


def received(message: Any) -> Any:
    read, write = os.pipe()
    with os.fdopen(write, "wb") as file:
        data = pickle.dumps(message)
        file.write(len(data).to_bytes(4, "big") + data)  # as multiprocessing frames it
    with _Reader(read, writable=False) as reader:
        return reader.recv()


def test_messages_are_read() -> None:
    message = TaskResult(7, Result(ResultStatus.SUCCESS, None))
    assert received(message) == message


def test_members_of_an_enumeration_may_come_by_name_as_early_releases_of_python_send_them() -> None:
    assert received(Sent(builtins.getattr, ResultStatus, "SUCCESS")) is ResultStatus.SUCCESS


@pytest.mark.parametrize(
    "message",
    [
        Sent(os.getpid),
        Sent(builtins.getattr, ResultStatus, "__class__"),
        Sent(builtins.getattr, Result, "__init__"),
        Sent(builtins.getattr, "text", "join"),
        Sent(builtins.eval, "1"),
    ],
    ids=["function", "attribute", "method", "of no class", "eval"],
)
def test_nothing_else_is_read(message: Any) -> None:
    with pytest.raises(pickle.PicklingError, match="a worker sent"):
        received(message)
