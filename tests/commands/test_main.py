import os
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from commands.main import app, main
from tests.commands.conftest import Run

COMMANDS = [command.callback.__name__ for command in app.registered_commands if command.callback]


def tag2vec(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "commands.main", *map(str, arguments)]


def test_starts_without_the_heavy_libraries() -> None:
    heavy = {"av", "cv2", "faiss", "fastapi", "gensim", "numba", "numpy", "pydantic", "sklearn", "torch"}
    code = "import sys, commands.main; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "commands.suggest" in loaded
    assert heavy.isdisjoint(loaded)


def test_version_is_that_of_the_package(run: Run) -> None:
    assert run("--version") == (0, f"tag2vec {version('tag2vec')}\n", "")


def test_shell_completion_offers_the_commands(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_TAG2VEC_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "tag2vec s")
    monkeypatch.setenv("COMP_CWORD", "1")
    assert run().out.split() == ["suggest", "serve", "survey"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, run: Run) -> None:
    assert run("--help").code == 0
    ended = run(command, "--help")
    assert ended.code == 0
    assert f"tag2vec {command}" in ended.out


@pytest.mark.parametrize("arguments", [[], ["sugest"], ["suggest"], ["suggest", "--k", "0", "clip.mp4"], ["--wrong"]])
def test_wrong_usage_ends_with_2(arguments: list[str], run: Run) -> None:
    assert run(*arguments).code == 2


def test_an_unusable_bundle_ends_with_3(run: Run, tmp_path: Path) -> None:
    ended = run("suggest", "--bundle", tmp_path, tmp_path / "clip.mp4")
    assert ended.code == 3
    assert ended.out == ""
    assert ended.err.startswith("tag2vec: error: ")
    assert ended.err.count("\n") == 1
    assert str(tmp_path) in ended.err


def test_a_missing_extra_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in {"service", "uvicorn"}]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pebble", None)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(SystemExit) as ended:
        main(["serve"])
    assert ended.value.code == 3
    assert "pip install 'tag2vec[service]'" in capsys.readouterr().err


@pytest.mark.slow
def test_a_reader_that_leaves_is_no_error(bundle: Path, clip: Path) -> None:
    command = tag2vec("suggest", "--bundle", bundle, clip, clip)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 141


@pytest.mark.slow
def test_ctrl_c_is_quiet(bundle: Path, clip: Path) -> None:
    command = tag2vec("suggest", "--bundle", bundle, *[clip] * 500)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("{")
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in err
