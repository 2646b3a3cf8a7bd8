"""A browser, for the pages that people see, and programs that take an interrupt, wherever the tests are run from."""

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SERVED = {"batch", "commands", "deploy", "docs", "service", "stress"}
"""Folders of tests that start servers, which would slow one another down."""
CHROMIUM = shutil.which("chromium")
PLAIN_HOST = "plain.example"
"""This machine by a name that is not local: for browsers, plain HTTP there is no secure context."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1",
]

# On a busy machine an example may take any time.
settings.register_profile("any-speed", deadline=None)
settings.load_profile("any-speed")

# A shell has those that it runs in the background ignore interrupts, and with them the programs that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


class _ByFolder(LoadScopeScheduling):  # type: ignore[misc]
    """Of several processes (`pytest -n`), one runs all tests of a folder, and one those of all that start servers."""

    def _split_scope(self, nodeid: str) -> str:
        folder = nodeid.partition("::")[0].split("/")[1]
        return "servers" if folder in SERVED else folder


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _ByFolder:
    """Share the tests out among processes."""
    return _ByFolder(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as `server` what starts the service or a browser through a fixture."""
    for item in items:
        if {"browser", "start"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.server)


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """Restore the environment: the command that serves clears that of its process, whatever becomes of it."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(autouse=True)
def priority() -> Iterator[None]:
    """Take back the real-time priority that SVT-AV1 gives the process of a root who encodes with it."""
    yield
    if sys.platform == "linux" and os.sched_getscheduler(0) != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Not for the session: Playwright's event loop would be in the way of those of other tests."""
    with chromium() as started:
        yield started


@contextmanager
def chromium() -> "Iterator[Browser]":
    """Debian's Chromium, headless and asking nobody on the network."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (make test-tools)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A Ray cluster on this machine: a head and two more nodes, with a processor each."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.setenv("RAY_worker_niceness", "0")  # 15 by default, which other work on the machine starves
    monkeypatch.setenv("RAY_raylet_start_wait_time_s", "120")
    monkeypatch.setenv("HOME", str(tmp_path))
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 100_000_000}
    cluster = Cluster(initialize_head=True, head_node_args={"include_dashboard": False, **node})
    try:
        for _ in range(2):
            cluster.add_node(**node)
        cluster.wait_for_nodes()
        yield cluster
    finally:
        cluster.shutdown()
