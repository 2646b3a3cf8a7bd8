"""The proxy that Docker Compose starts before the service, with its Caddyfile, but without a container."""

import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from models.bundle import SHIPPED
from tests.clips import write
from tests.docs.documents import ROOT
from tests.service.conftest import key_line
from tests.service.running import Running, serve

pytestmark = pytest.mark.server

DEPLOY = ROOT / "deploy"
START_S = 60


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that asks for keys, as the composed one does."""
    folder = tmp_path_factory.mktemp("service")
    (folder / "keys.txt").write_text(key_line("alice", "one"))
    settings = {"bundle": SHIPPED, "workers": 1, "deadline_s": 240, "keys_file": folder / "keys.txt"}
    with serve(folder, **settings) as server:
        server.wait_until_ready()
        yield server


@pytest.fixture(scope="module")
def proxy(service: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of Caddy, which runs with the Caddyfile, on ports of this test's."""
    if shutil.which("caddy") is None:
        pytest.skip("Caddy is not installed (make test-tools)")
    folder = tmp_path_factory.mktemp("proxy")
    upstream = {"HASHTAGS_HOST": "localhost", "HASHTAGS_UPSTREAM": service.address.removeprefix("http://")}
    environment = os.environ | upstream | {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    adapted = subprocess.run(
        ["caddy", "adapt", "--config", DEPLOY / "Caddyfile"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    config = json.loads(adapted.stdout)
    http, https = free_ports()
    config["apps"]["http"] |= {"http_port": http, "https_port": https}
    (only,) = config["apps"]["http"]["servers"].values()
    only["listen"] = [f"127.0.0.1:{https}"]
    config["apps"]["pki"] = {"certificate_authorities": {"local": {"install_trust": False}}}
    config["admin"] = {"disabled": True}
    (folder / "caddy.json").write_text(json.dumps(config))
    root = folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    with (
        caddy(folder, environment, root),
        httpx.Client(
            base_url=f"https://localhost:{https}", verify=ssl.create_default_context(cafile=str(root)), timeout=240
        ) as client,
    ):
        yield client


def free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


@contextmanager
def caddy(folder: Path, environment: dict[str, str], root: Path) -> Iterator[None]:
    """Run Caddy with `caddy.json` until the block is left; `root` is the certificate that it signs its own with."""
    log = folder / "log"
    with log.open("wb") as output:
        command = ["caddy", "run", "--config", "caddy.json"]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + START_S
        while not root.is_file():
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(30)


def post(client: httpx.Client, clip: bytes, **headers: str) -> httpx.Response:
    return client.post("/v1/hashtags", content=clip, headers={"Content-Type": "video/mp4", **headers})


def test_a_clip_is_tagged_through_the_proxy(proxy: httpx.Client, service: Running, tmp_path: Path) -> None:
    clip = write(tmp_path / "clip.mp4").read_bytes()
    key = {"Authorization": "Bearer one"}
    answer = post(proxy, clip, **key)
    assert answer.status_code == 200, answer.text
    assert answer.json()["hashtags"] == post(service.client, clip, **key).json()["hashtags"]
    refused = post(proxy, clip)
    assert refused.status_code == 401
    assert refused.headers["Content-Type"] == "application/problem+json"


def test_metrics_stay_inside(proxy: httpx.Client, service: Running) -> None:
    assert proxy.get("/metrics").status_code == 403
    assert service.client.get("/metrics").status_code == 200


def test_a_clip_that_is_too_large_is_refused_at_its_beginning(proxy: httpx.Client) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    port = proxy.base_url.port
    with (
        socket.create_connection(("127.0.0.1", port or 0), 60) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as line,
    ):
        head = f"POST /v1/hashtags HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer one\r\n"
        line.sendall(f"{head}Content-Type: video/mp4\r\nContent-Length: {10**10}\r\n\r\n".encode())
        line.sendall(bytes(2**16))
        assert line.recv(1000).startswith(b"HTTP/1.1 413 ")
