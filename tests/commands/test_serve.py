"""`tag2vec serve`, run as users run it."""

import socket
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


@pytest.mark.parametrize(
    ("setting", "value", "named"),
    [
        ("QUEUE", "many", "TAG2VEC_QUEUE: 'many' is not a whole number. Use one such as 5."),
        ("WORKERS", "0", "TAG2VEC_WORKERS: '0' is too small. Use more than 0."),
        (
            "LOG_LEVEL",
            "loud",
            "TAG2VEC_LOG_LEVEL: 'loud' is not accepted here. Use 'DEBUG', 'INFO', 'WARNING' or 'ERROR'.",
        ),
        (
            "TRUSTED_PROXIES",
            '["x"]',
            "TAG2VEC_TRUSTED_PROXIES, item 1: 'x' is not a network. Use one such as 10.0.0.0/8.",
        ),
        ("QUEUE", "-1", "TAG2VEC_QUEUE"),
        ("CORS_ORIGINS", "http://x", "TAG2VEC_CORS_ORIGINS"),
        ("CORS_ORIGINS", '["https://app.example", "http://x/"]', "TAG2VEC_CORS_ORIGINS, item 2"),
        ("TRUSTED_PROXIES", "127.0.0.1", "TAG2VEC_TRUSTED_PROXIES"),
        ("ROOT_PATH", "tags", "TAG2VEC_ROOT_PATH"),
    ],
)
def test_a_setting_that_cannot_be_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, named: str
) -> None:
    monkeypatch.setenv(f"TAG2VEC_{setting}", value)
    ended = run("serve")
    assert ended.code == 3
    assert ended.err.startswith(f"tag2vec: error: {named}")
    assert "Value error" not in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_port_that_is_taken(run: Run, host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        ended = run("serve", "--host", host, "--port", str(port))
    assert ended.code == 1
    assert ended.err.startswith(f"tag2vec: error: cannot listen on {host} port {port}: ")
    assert "--port" in ended.err
    assert ended.err.count("\n") == 1


def test_an_address_of_another_machine(run: Run) -> None:
    ended = run("serve", "--host", "192.0.2.1", "--open")  # for documentation only (RFC 5737)
    assert ended.code == 1
    assert ended.err.startswith("tag2vec: error: cannot listen on 192.0.2.1 port 8000: ")


def test_threads_that_cannot_be_are_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAG2VEC_THREADS", "two")
    ended = run("serve")
    assert ended.code == 3
    assert "TAG2VEC_THREADS" in ended.err
