"""Who may use the service, and what it answers with while its model changes."""

import hashlib
import secrets
import shutil
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import httpx
import pytest

from service.keys import KeyFileError, Keys
from service.server import OpenToAllError, run
from service.settings import Settings
from tests.service.conftest import Serve
from tests.service.running import Running


def line(name: str, key: str) -> str:
    return f"{name} {hashlib.sha256(key.encode()).hexdigest()}\n"


@pytest.mark.parametrize("content", ["", "# none\n", "a\n", "a b\n", line("a", "1") + line("a", "2"), "\0\xff"])
def test_key_file_that_is_of_no_use(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keys"
    file.write_text(content, encoding="latin-1")
    with pytest.raises(KeyFileError, match=str(file)):
        Keys(file)


def test_broken_key_file_keeps_the_old_keys(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("# ours\n\n" + line("alice", "one") + line("bob", "two"))
    keys = Keys(file)
    assert [keys.name(key) for key in ("one", "two", "three", "")] == ["alice", "bob", None, None]
    file.unlink()
    with pytest.raises(KeyFileError):
        keys.reload()
    assert keys.name("one") == "alice"


def test_refusing_a_key_takes_no_longer_the_more_of_it_is_right(tmp_path: Path) -> None:
    key = secrets.token_urlsafe(32)
    (tmp_path / "keys").write_text(line("a", key))
    keys = Keys(tmp_path / "keys")

    def nanoseconds(wrong: str) -> float:
        spent = []
        for _ in range(3000):
            began = time.perf_counter_ns()
            keys.name(wrong)
            spent.append(time.perf_counter_ns() - began)
        return median(spent)

    one, other = "?" * len(key), key[:-1] + "?"
    ratios = [nanoseconds(one) / nanoseconds(other) for _ in range(5)]
    assert median(ratios) == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "tag2vec.example"])
def test_public_address_needs_keys_or_a_word(bundle: Path, host: str) -> None:
    with pytest.raises(OpenToAllError, match=r"TAG2VEC_KEYS_FILE.*--open"):
        run(Settings(host=host, bundle=bundle))


@pytest.fixture(scope="module")
def files(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle and a key file that tests may change."""
    folder = tmp_path_factory.mktemp("files")
    shutil.copytree(bundle, folder / "bundle")
    (folder / "keys").write_text(line("alice", "one") + line("bob", "two"))
    return folder


@pytest.fixture(scope="module")
def keyed(start: Serve, files: Path) -> Iterator[Running]:
    """A server that asks for keys, its client holding one."""
    settings = {"host": "0.0.0.0", "keys_file": files / "keys", "clips_per_key": 1}
    with start(bundle=files / "bundle", workers=1, cache=0, **settings) as server:
        server.client.headers["Authorization"] = "Bearer one"
        yield server


def reload(server: Running, result: str) -> None:
    count = ("tag2vec_reloads_total", (result,))
    before = server.metrics()[count]
    server.process.send_signal(signal.SIGHUP)
    server.wait_until(lambda: server.metrics()[count] == before + 1)


def test_keys_open_what_they_should(keyed: Running, clip: bytes) -> None:
    assert keyed.suggest(clip).status_code == 200
    for header in ({}, {"Authorization": "Bearer three"}, {"Authorization": "Basic one"}, {"Authorization": "one"}):
        for method, path in (("POST", "/v1/hashtags"), ("GET", "/v1/info"), ("GET", "/docs"), ("GET", "/nothing")):
            refused = httpx.request(method, keyed.address + path, headers=header)
            assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
            assert refused.headers["www-authenticate"] == "Bearer"
        for path in ("/healthz", "/readyz", "/metrics", "/"):
            assert httpx.get(keyed.address + path, headers=header).status_code == 200
    assert keyed.client.get("/openapi.json").json()["components"]["securitySchemes"]["key"]["scheme"] == "bearer"


def test_key_that_is_revoked(keyed: Running, files: Path) -> None:
    as_bob = {"Authorization": "Bearer two"}
    assert httpx.get(keyed.address + "/v1/info", headers=as_bob).status_code == 200
    (files / "keys").write_text(line("alice", "one"))
    reload(keyed, "ok")
    assert httpx.get(keyed.address + "/v1/info", headers=as_bob).status_code == 401
    (files / "keys").write_text("broken")
    reload(keyed, "failed")
    assert keyed.client.get("/v1/info").status_code == 200
    (files / "keys").write_text(line("alice", "one") + line("bob", "two"))
    reload(keyed, "ok")


def test_clips_of_one_key_at_a_time(keyed: Running, clip: bytes, steady_clip: bytes) -> None:
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(keyed.suggest, steady_clip)
        keyed.busy_worker()
        refused = keyed.suggest(clip)
        assert (refused.status_code, refused.json()["code"]) == (429, "key_busy")
        headers = {"Authorization": "Bearer two", "Content-Type": "video/mp4"}
        assert httpx.post(keyed.address + "/v1/hashtags", content=clip, headers=headers, timeout=60).status_code == 200
        assert working.result(60).status_code == 200
