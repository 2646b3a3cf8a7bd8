"""Addresses at which there is no cluster."""

import socket
import time

import pytest

pytest.importorskip("ray", reason="Ray is not installed (pip install 'tag2vec[scale]')")

from cluster import connection
from cluster.connection import RayError, connected


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    before = time.monotonic()
    with (
        pytest.raises(RayError, match=f"^there is no Ray cluster at {address}: Connection refused$"),
        connected(address),
    ):
        pass
    assert time.monotonic() - before < 60  # Ray itself tries for minutes


def test_nothing_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_SECONDS_TO_CONNECT", 0.2)
    # The queue of connections that nobody accepts is full.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, socket.create_connection(server.getsockname()):
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(RayError, match=f"there is no Ray cluster at {address}: timed out"), connected(address):
            pass


def test_no_such_name() -> None:
    told = r"^there is no Ray cluster at nowhere.invalid:6379: .*[Nn]ame"
    with pytest.raises(RayError, match=told), connected("nowhere.invalid:6379"):
        pass
