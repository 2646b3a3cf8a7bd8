"""Log lines for programs and for people, and those of a start."""

import json
import logging
import sys
from collections.abc import Iterator

import pytest

from service import logs
from tests.service.running import Running


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before


def written(capsys: pytest.CaptureFixture[str]) -> str:
    log = logging.getLogger("service.test")
    log.debug("too little to be logged")
    log.info("model loaded", extra={"data": {"seconds": 1.5}})
    try:
        raise ValueError("of its own")
    except ValueError:
        log.exception("failed")
    return capsys.readouterr().err


def test_one_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")
    loaded, failed = map(json.loads, written(capsys).splitlines())
    assert loaded.pop("time").endswith("+00:00")
    assert loaded == {"level": "INFO", "logger": "service.test", "message": "model loaded", "seconds": 1.5}
    assert failed["exception"].endswith("ValueError: of its own")


def test_plain_lines_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    logs.configure("INFO")
    loaded, failed, *trace = written(capsys).splitlines()
    assert loaded.endswith(" INFO model loaded seconds=1.5")
    assert failed.endswith(" ERROR failed")
    assert trace[-1] == "ValueError: of its own"


def test_a_start_is_told_phase_by_phase(server: Running) -> None:
    entries = [json.loads(line) for line in server.log.read_text().splitlines()]
    phases = [entry for entry in entries if entry["logger"] == "service.lifecycle"][:3]
    assert [entry["message"] for entry in phases] == ["loading the model", "model loaded", "workers ready"]
    assert phases[2]["seconds"] >= phases[1]["seconds"] >= 0
    assert phases[2]["workers"] == 2
