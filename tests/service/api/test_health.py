"""Health checks while the service starts and runs."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.service.running import Running, alive, children, serve


@pytest.fixture(scope="module")
def starting(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that has only just been started."""
    with serve(tmp_path_factory.mktemp("starting"), bundle=bundle, workers=1) as running:
        yield running


def signal_children(server: Running, number: signal.Signals) -> None:
    for child in children(server.process.pid):
        for pid in (child, *children(child)):
            os.kill(pid, number)


@pytest.mark.server
def test_not_ready_until_it_is_and_gone_without_a_trace(starting: Running, clip: bytes) -> None:
    def alive_at_least() -> bool:
        try:
            return starting.client.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False

    starting.wait_until(alive_at_least)
    signal_children(starting, signal.SIGSTOP)  # so that no worker gets ready for as long as this looks
    ready = starting.client.get("/readyz")
    assert (ready.status_code, ready.json()["code"]) == (503, "not_ready")
    refused = starting.suggest(clip)
    assert (refused.status_code, refused.json()["code"]) == (503, "not_ready")
    assert int(refused.headers["retry-after"]) > 0
    signal_children(starting, signal.SIGCONT)
    starting.wait_until_ready()
    assert starting.suggest(clip).status_code == 200
    workers = starting.workers()
    assert len(workers) == 1
    assert starting.stop() == 0
    assert not [pid for pid in workers if alive(pid)]
    assert list(starting.spool.iterdir()) == []
