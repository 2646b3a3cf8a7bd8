"""A real server in a process of its own, and clips for it."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from itertools import cycle, islice
from pathlib import Path

import pytest

from models.bundle import SHIPPED
from models.video.pieces import UNCUT
from tests.clips import drifting, write
from tests.service.running import Running, serve

Serve = Callable[..., AbstractContextManager[Running]]


@pytest.fixture(scope="session")
def bundle() -> Path:
    """The bundle that ships, or the one that TAG2VEC_BUNDLE names where none does yet."""
    if SHIPPED.is_dir():
        return SHIPPED
    if named := os.environ.get("TAG2VEC_BUNDLE"):
        return Path(named)
    pytest.skip("no bundle: neither models/shipped nor TAG2VEC_BUNDLE")


@pytest.fixture(scope="session")
def start(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Serve:
    """Start a server with settings of the caller's: `with start(workers=1, queue=0) as server`."""

    @contextmanager
    def started(**settings: object) -> Iterator[Running]:
        with serve(tmp_path_factory.mktemp("server"), **{"bundle": bundle, "deadline_s": 240, **settings}) as server:
            server.wait_until_ready()
            yield server

    return started


@pytest.fixture(scope="session")
def server(start: Serve) -> Iterator[Running]:
    """A server with the settings that a user gets by default, on two workers; busy machines take their time."""
    with start(workers=2) as running:
        yield running


@pytest.fixture(scope="session")
def tight(start: Serve) -> Iterator[Running]:
    """A server that is soon at its limits: one worker, one clip waiting, little patience with uploads, no cache."""
    settings = {"workers": 1, "queue": 1, "cache": 0, "upload_s": 4, "upload_idle_s": 2}
    with start(**settings, max_bytes=2**20, cors_origins='["https://app.example"]') as running:
        yield running


@pytest.fixture(scope="session")
def key_files(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle and a key file that tests may change."""
    folder = tmp_path_factory.mktemp("files")
    shutil.copytree(bundle, folder / "bundle")
    (folder / "keys").write_text(key_line("alice", "one") + key_line("bob", "two"))
    return folder


@pytest.fixture(scope="session")
def keyed(start: Serve, key_files: Path) -> Iterator[Running]:
    """A server that asks for keys, its client holding one."""
    settings = {"host": "0.0.0.0", "keys_file": key_files / "keys", "clips_per_key": 1}
    with start(bundle=key_files / "bundle", workers=1, cache=0, **settings) as server:
        server.client.headers["Authorization"] = "Bearer one"
        yield server


@pytest.fixture
def pool() -> ThreadPoolExecutor:
    """Threads to wait for answers on."""
    return ThreadPoolExecutor(8)


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder for clips that tests make."""
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="session")
def clip(clips: Path) -> bytes:
    """A good clip of one second."""
    return write(clips / "good.mp4").read_bytes()


@pytest.fixture(scope="session")
def slow_clip(clips: Path) -> bytes:
    """A good clip that keeps a worker busy for many seconds, in few bytes."""
    return busy(clips / "slow.mp4", 3840)


@pytest.fixture(scope="session")
def steady_clip(clips: Path) -> bytes:
    """A good clip that keeps a worker busy for some seconds."""
    return busy(clips / "steady.mp4", 960)


def key_line(name: str, key: str) -> str:
    """The line of a key file for this key."""
    return f"{name} {hashlib.sha256(key.encode()).hexdigest()}\n"


def busy(path: Path, width: int) -> bytes:
    """A clip that is just short enough to be looked at as a whole, and wide: only the short side is scaled down."""
    frames = islice(cycle(list(drifting(40, (width, 240)))), 2 * UNCUT)
    content = write(path, frames, options={"preset": "ultrafast", "qp": "40", "g": "1500"}).read_bytes()
    assert len(content) < 2**20
    return content
