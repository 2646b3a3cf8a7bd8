"""What is read from a worker, pebble's messages and nothing else, and what a worker may do."""

import builtins
import os
import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pebble.common.types import Result, ResultStatus
from pebble.pool.process import TaskResult

from service.workers.process import _Reader
from tests.service.running import Running


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


def test_members_of_an_enumeration_may_come_by_name() -> None:
    """Python 3.11.0 to 3.11.3 pickles them like this."""
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


def test_workers_hold_little_and_may_do_little(server: Running) -> None:
    for pid in server.workers():
        process = Path(f"/proc/{pid}")
        assert b"do not tell" not in (process / "environ").read_bytes()
        mapped = (process / "maps").read_text()
        assert not [name for name in ("libtorch", "faiss", "sklearn", "gensim") if name in mapped]
        limits = {line[:25].strip(): line[26:].split()[0] for line in (process / "limits").read_text().splitlines()}
        assert limits["Max core file size"] == "0"
        assert limits["Max open files"] == "64"
        assert int(limits["Max address space"]) == 4096 * 2**20
        assert int(limits["Max file size"]) <= 16 * 2**20


def test_workers_reach_no_network_and_no_fork_server(server: Running) -> None:
    if subprocess.run(["unshare", "--user", "--net", "--mount", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this kernel does not let a process give up the network")
    (fork_servers,) = (path for path in server.spool.glob("pymp-*"))
    for pid in server.workers():
        interfaces = Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]
        assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]
        mounts = Path(f"/proc/{pid}/mounts").read_text()
        assert f"none {fork_servers} tmpfs" in mounts
