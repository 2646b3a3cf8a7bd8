"""How the demo waits: it shows what the service logs, and gives up only when nothing more is to be expected."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from commands import demo

STARTS = """
import http.server, json, sys, time
print(json.dumps({"logger": "uvicorn.error", "message": "Started"}), flush=True)
print(json.dumps({"logger": "service.lifecycle", "message": "loading the model"}), flush=True)
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
"""


@contextmanager
def started(folder: Path, code: str, port: int) -> Iterator[tuple["subprocess.Popen[bytes]", str, Path]]:
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-c", code, str(port)], stdout=output, stderr=output)
    try:
        yield process, f"http://127.0.0.1:{port}", log
    finally:
        process.kill()
        process.wait()


def test_phases_are_shown_until_it_is_ready(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with started(tmp_path, STARTS, demo.free_port()) as service:
        demo.wait_until_ready(*service)
    out = capsys.readouterr().out
    assert "s  loading the model\n" in out
    assert "Started" not in out


def test_a_service_that_ends_is_told_with_its_log(tmp_path: Path) -> None:
    code = "import sys; sys.exit('no bundle')"
    with (
        started(tmp_path, code, demo.free_port()) as service,
        pytest.raises(demo.DemoError, match=r"ended with exit code 1(.|\n)*no bundle"),
    ):
        demo.wait_until_ready(*service)


def test_silence_ends_the_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "SILENCE_S", 0.5)
    with (
        started(tmp_path, "import time; time.sleep(600)", demo.free_port()) as service,
        pytest.raises(demo.DemoError, match="is not ready"),
    ):
        demo.wait_until_ready(*service)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (json.dumps({"logger": "service.model", "message": "compiling"}), "compiling"),
        (json.dumps({"logger": "uvicorn.error", "message": "Started"}), None),
        ("Traceback\n", "Traceback"),
        ("[1]", "[1]"),
        ("\n", None),
    ],
)
def test_lines_of_the_log(line: str, shown: str | None) -> None:
    assert demo.phase(line) == shown
