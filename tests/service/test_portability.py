"""`tag2vec suggest` and `tag2vec serve` where a system lacks what Linux has."""

import json
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.sandbox.confinement import Measure
from service.settings import Settings
from service.startup import StartupError, run
from tests.service.running import Running, alive, children, serve

WITHOUT_LINUX = """
import ctypes, os, sys

sys.modules.update(resource=None, fcntl=None)
del os.sched_getaffinity, os.sched_setaffinity
os.process_cpu_count = os.cpu_count  # as Python 3.13 has it on such systems

class CDLL(ctypes.CDLL):
    def __getattr__(self, name):
        if name in ("prctl", "unshare", "mount"):
            raise AttributeError(name)
        return super().__getattr__(name)

def refuse(event, arguments):
    # threadpoolctl reads this one file where it believes to be on Linux, and asks other systems otherwise.
    if event == "open" and str(arguments[0]).startswith("/proc") and arguments[0] != "/proc/self/maps":
        raise FileNotFoundError(2, "No such file or directory", arguments[0])

ctypes.CDLL = CDLL
sys.addaudithook(refuse)
"""
WITHOUT_UNIX = (
    WITHOUT_LINUX
    + """
import signal

sys.modules.update(pwd=None, grp=None, termios=None, tty=None)
del os.nice, os.fork, signal.SIGHUP, signal.SIGKILL
"""
)


@pytest.fixture
def real_clip() -> Path:
    if "TAG2VEC_DATA" not in os.environ:
        pytest.skip("TAG2VEC_DATA is not set: no real clips")
    return next(iter(sorted(Path(os.environ["TAG2VEC_DATA"], "bench").glob("*_320x240.mp4"))))


@pytest.fixture
def crippled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Interpreters that are started from now on lack what `request.param` removes."""
    (tmp_path / "sitecustomize.py").write_text(request.param)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)


@pytest.mark.parametrize("crippled", [WITHOUT_LINUX, WITHOUT_UNIX], ids=["no Linux", "no Unix"], indirect=True)
@pytest.mark.usefixtures("crippled")
def test_suggest(real_clip: Path, bundle: Path) -> None:
    command = [sys.executable, "-m", "commands.main", "suggest", "--bundle", str(bundle), str(real_clip)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert len(json.loads(ended.stdout)["hashtags"]) == 15


@pytest.mark.server
@pytest.mark.parametrize("crippled", [WITHOUT_LINUX], ids=["no Linux"], indirect=True)
@pytest.mark.usefixtures("crippled")
def test_serve_says_what_its_sandbox_lacks(real_clip: Path, bundle: Path, tmp_path: Path) -> None:
    with serve(tmp_path, bundle=bundle, workers=1) as server:
        server.wait_until_ready()
        assert len(server.suggest(real_clip.read_bytes()).json()["hashtags"]) == 15
        assert server.suggest(b"no clip").json()["code"] == "not_a_video"
        missing = server.client.get("/v1/info").json()["sandbox"]["missing"]
        assert missing == sorted(set(Measure) - {Measure.end_with_parent, Measure.low_priority})
        warnings = [line for line in server.log.read_text().splitlines() if "sandbox" in line]
        assert len(warnings) == 1
        assert all(name in warnings[0] for name in missing)
        processes = [*children(server.process.pid), *server.workers()]
        assert len(processes) >= 2
        server.process.kill()
        server.wait_until(lambda: not any(alive(pid) for pid in processes))


def test_nothing_is_missing_where_user_namespaces_are_open(server: Running) -> None:
    if subprocess.run(["unshare", "--user", "--net", "--mount", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this kernel does not let a process give up the network")
    assert server.client.get("/v1/info").json()["sandbox"] == {"missing": []}
    assert "sandbox" not in server.log.read_text()


def test_serve_refuses_a_system_that_cannot_fork(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    with pytest.raises(StartupError, match="Linux or macOS"):
        run(Settings(bundle=bundle))
