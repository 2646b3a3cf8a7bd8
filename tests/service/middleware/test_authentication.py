"""Who may use the service."""

import signal
from pathlib import Path

import httpx

from tests.service.conftest import key_line
from tests.service.running import Running


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


def test_key_that_is_revoked(keyed: Running, key_files: Path) -> None:
    as_bob = {"Authorization": "Bearer two"}
    assert httpx.get(keyed.address + "/v1/info", headers=as_bob).status_code == 200
    (key_files / "keys").write_text(key_line("alice", "one"))
    reload(keyed, "ok")
    assert httpx.get(keyed.address + "/v1/info", headers=as_bob).status_code == 401
    (key_files / "keys").write_text("broken")
    reload(keyed, "failed")
    assert keyed.client.get("/v1/info").status_code == 200
    (key_files / "keys").write_text(key_line("alice", "one") + key_line("bob", "two"))
    reload(keyed, "ok")
