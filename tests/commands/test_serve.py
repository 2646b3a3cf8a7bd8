"""`tag2vec serve`, run as users run it."""

from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.service.running import serve


@pytest.mark.server
def test_in_a_folder_with_folders_of_the_same_names(bundle: Path, clip: Path, tmp_path: Path) -> None:
    """Neither the command nor a process that it starts imports from the current directory."""
    imported = tmp_path / "imported"
    for name in ("models", "service", "commands"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"open({str(imported)!r}, 'w').close()")
    with serve(tmp_path, bundle=bundle, workers=1) as server:
        server.wait_until_ready()
        assert server.suggest(clip.read_bytes()).status_code == 200
    assert not imported.exists()


def test_a_setting_that_cannot_be_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAG2VEC_QUEUE", "-1")
    ended = run("serve")
    assert ended.code == 3
    assert ended.err.startswith("tag2vec: error: TAG2VEC_QUEUE: ")
    assert ended.err.count("\n") == 1


def test_threads_that_cannot_be_are_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAG2VEC_THREADS", "two")
    ended = run("serve")
    assert ended.code == 3
    assert "TAG2VEC_THREADS" in ended.err
