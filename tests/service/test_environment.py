"""What the processes of the service have in their environment."""

import os
from pathlib import Path

import pytest

from models.cpu_count import processors
from service.environment import forget_secrets
from service.settings import Settings
from tests.service.conftest import Serve
from tests.service.running import children


def test_secrets_are_forgotten_and_what_is_needed_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"A_SECRET": "x", "TAG2VEC_KEYS_FILE": "x", "TAG2VEC_THREADS": "3", "HOME": "x"})
    forget_secrets()
    assert {"A_SECRET", "TAG2VEC_KEYS_FILE"}.isdisjoint(os.environ)
    assert {"TAG2VEC_THREADS", "HOME"} <= os.environ.keys()
    assert {value for name, value in os.environ.items() if name.endswith("_NUM_THREADS")} == {"1"}


def test_one_number_decides_how_many_workers_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().workers == processors()
    monkeypatch.setenv("TAG2VEC_THREADS", "3")
    assert Settings().workers == 3


@pytest.mark.slow
def test_every_process_has_it(start: Serve) -> None:
    with start(threads=1) as server:
        assert server.client.get("/v1/info").json()["limits"]["workers"] == 1
        for pid in (*children(server.process.pid), *server.workers()):
            environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            assert {b"TAG2VEC_THREADS=1", b"OMP_NUM_THREADS=1", b"PYTHONSAFEPATH=1"} <= set(environment)
            assert not [line for line in environment if line.startswith((b"TAG2VEC_PORT", b"A_SECRET"))]
