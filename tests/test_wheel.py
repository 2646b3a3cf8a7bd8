"""The wheel, installed as a user would: in an empty environment, run in a folder with modules of the same names."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.clips import write

pytestmark = [pytest.mark.slow, pytest.mark.server, pytest.mark.timeout(1800)]

ROOT = Path(__file__).parents[1]
PACKAGES = {"batch", "cluster", "commands", "models", "service", "training"}
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
READY_S = 600


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this source, where pip can fetch what builds it."""
    if find_spec("pip") is None:
        pytest.skip("this environment has no pip")
    folder = tmp_path_factory.mktemp("wheel")
    probe = [*PIP, "download", "--no-deps", "--retries", "0", "--dest", str(folder / "probe"), "hatchling"]
    if subprocess.run(probe, capture_output=True).returncode != 0:
        pytest.skip("pip reaches no package index")
    subprocess.run([*PIP, "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT)], check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of the wheel, in an environment of its own with the extra `service`."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    install = ["install", "--no-compile", "--constraint", str(ROOT / "constraints.txt"), f"{wheel}[service]"]
    subprocess.run([*PIP, "--python", str(python), *install], check=True)
    return folder / "bin" / "tag2vec"


@pytest.fixture
def beside_decoys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty except for packages that must not be imported."""
    for name in PACKAGES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise SystemExit('the {name} of this folder was imported')")
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith(("PYTHON", "TAG2VEC_")):
            monkeypatch.delenv(name)
    return tmp_path


def test_only_the_packages_are_in_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
    assert {name.partition("/")[0] for name in names} == PACKAGES
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names)
    ignored = {".pyc", ".partial", ".nbi", ".nbc", ".log"}
    assert [name for name in names if "test" in name or Path(name).suffix in ignored] == []


def test_its_page_has_no_relative_link(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        description = archive.read(metadata).decode().partition("\n\n")[2]
    links = [part.partition(")")[0] for part in description.split("](")[1:]]
    assert [link for link in links if not link.startswith(("https://", "#"))] == []


def test_suggest_keys_and_serve_beside_decoys(installed: Path, beside_decoys: Path) -> None:
    clip = write(beside_decoys / "clip.mp4")
    version = subprocess.run([installed, "--version"], capture_output=True, text=True, check=True).stdout
    suggested = subprocess.run([installed, "suggest", clip], capture_output=True, text=True, check=True)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    key = subprocess.run(
        [installed, "keys", "add", "alice", "--file", "keys.txt"], capture_output=True, text=True, check=True
    ).stderr.split()[-1]
    environment = {**os.environ, "TAG2VEC_KEYS_FILE": "keys.txt", "TAG2VEC_WORKERS": "1"}
    with open("log", "wb") as log:  # noqa: PTH123 - the current folder is what matters
        service = subprocess.Popen([installed, "serve", "--port", str(port)], env=environment, stderr=log)
    try:
        deadline = time.monotonic() + READY_S
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
                break
            except OSError:
                assert service.poll() is None, Path("log").read_text()
                assert time.monotonic() < deadline, Path("log").read_text()
                time.sleep(0.2)
        headers = {"Content-Type": "video/mp4", "Authorization": f"Bearer {key}"}
        request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/hashtags", clip.read_bytes(), headers)
        with urllib.request.urlopen(request, timeout=120) as response:
            answer = json.load(response)
    finally:
        service.terminate()
        assert service.wait(60) == 0
    assert version.startswith("tag2vec ")
    assert answer["hashtags"] == json.loads(suggested.stdout)["hashtags"]
    assert "of this folder was imported" not in Path("log").read_text()
