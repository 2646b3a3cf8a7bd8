import os
import subprocess
import sys
from pathlib import Path

import pytest

from models import cpu_count as module
from models.cpu_count import ProcessorsError, processors


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A host with 64 processors, with its control groups in a temporary folder."""
    monkeypatch.delenv("TAG2VEC_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    monkeypatch.setattr(module, "CGROUPS", tmp_path)
    monkeypatch.setattr(module, "MEMBERSHIP", tmp_path / "membership")
    return tmp_path


def quota(group: Path, text: str) -> None:
    group.mkdir(parents=True, exist_ok=True)
    (group / "cpu.max").write_text(text)


def test_no_quota(host: Path) -> None:
    assert processors() == 64
    quota(host, "max 100000\n")
    assert processors() == 64


@pytest.mark.parametrize(("text", "count"), [("200000 100000\n", 2), ("150000 100000\n", 2), ("5000 100000\n", 1)])
def test_cgroup_v2_quota(host: Path, text: str, count: int) -> None:
    quota(host, text)
    assert processors() == count


def test_cgroup_v1_quota(host: Path) -> None:
    group = host / "cpu" / "docker" / "1234"
    group.mkdir(parents=True)
    (group / "cpu.cfs_period_us").write_text("100000\n")
    (group / "cpu.cfs_quota_us").write_text("-1\n")
    (host / "membership").write_text("5:memory:/other\n4:cpu,cpuacct:/docker/1234\n")
    assert processors() == 64
    (group / "cpu.cfs_quota_us").write_text("300000\n")
    assert processors() == 3


def test_smallest_quota_on_the_path_applies(host: Path) -> None:
    (host / "membership").write_text("0::/kubepods/pod1/box\n")
    quota(host / "kubepods", "800000 100000\n")
    quota(host / "kubepods" / "pod1", "300000 100000\n")
    quota(host / "kubepods" / "pod1" / "box", "max 100000\n")
    quota(host / "kubepods" / "pod2", "100000 100000\n")
    assert processors() == 3


def test_malformed_quota_is_ignored(host: Path) -> None:
    quota(host, "rubbish\n")
    assert processors() == 64


def test_system_without_affinity(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 10)
    assert processors() == 10
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert processors() == 1


def test_environment_variable_takes_precedence(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quota(host, "200000 100000\n")
    monkeypatch.setenv("TAG2VEC_THREADS", "7")
    assert processors() == 7


@pytest.mark.parametrize("wanted", ["0", "-1", "two", "1.5"])
def test_malformed_environment_variable_is_refused(host: Path, monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    monkeypatch.setenv("TAG2VEC_THREADS", wanted)
    with pytest.raises(ProcessorsError, match="TAG2VEC_THREADS must be a whole number of at least 1"):
        processors()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="affinity is Linux's alone")
def test_affinity_of_a_real_process() -> None:
    script = (
        "import os; from models.cpu_count import processors;"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); print(processors())"
    )
    environment = {name: value for name, value in os.environ.items() if name != "TAG2VEC_THREADS"}
    ran = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "1"
