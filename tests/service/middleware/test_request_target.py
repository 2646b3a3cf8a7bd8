"""Targets of requests as clients and proxies write them."""

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.service.conftest import Serve
from tests.service.running import Running
from tests.service.sockets import speak


@pytest.fixture(scope="module")
def prefixed(start: Serve) -> Iterator[Running]:
    """A server that a proxy shows under a path."""
    with start(workers=1, root_path="/tags/", trusted_proxies='["127.0.0.0/8"]') as server:
        yield server


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/v1/info", "/v1/tags/yoga/neighbours", "/docs"])
def test_slash_at_the_end(server: Running, path: str) -> None:
    assert server.client.get(f"{path}/").status_code == 200


def test_clip_sent_to_an_address_with_a_slash(server: Running, clip: bytes) -> None:
    """A redirect would cost the client its upload, and most do not follow one."""
    answer = server.client.post("/v1/hashtags/?k=3", content=clip, headers={"Content-Type": "video/mp4"})
    assert answer.status_code == 200
    assert len(answer.json()["hashtags"]) == 3


def test_slash_at_the_end_opens_nothing(keyed: Running) -> None:
    for path, status in (
        ("/healthz/", 200),
        ("/v1/info/", 401),
        ("/healthz/../v1/info", 401),
        ("http://x/v1/info", 401),
    ):
        request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
        assert speak(keyed, request)[0] == status


@pytest.mark.parametrize(
    ("target", "status", "content"),
    [
        ("http://tags.example/v1/info?x=1", 200, b'"containers"'),
        ("HTTPS://tags.example:8443/healthz", 200, b'"ok"'),
        ("http://tags.example", 200, b"<!DOCTYPE html>"),
        ("http://tags.example/nothing", 404, b'"not_found"'),
        ("ftp://tags.example/v1/info", 404, b'"not_found"'),
    ],
)
def test_absolute_form(server: Running, target: str, status: int, content: bytes) -> None:
    got, answer = speak(server, f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert got == status
    assert content.lower() in answer.lower()


def test_documentation_asks_for_what_lies_behind_the_prefix(prefixed: Running) -> None:
    for path in ("/docs", "/tags/docs"):  # whether the proxy strips the prefix or not
        page = prefixed.client.get(path).text
        asked = re.findall(r"""(?:src|href|url)\s*[=:]\s*["']([^"'$]+)["']""", page)
        assert len(asked) >= 4
        for address in asked:
            assert address.startswith("/tags/")
            for shown in (address, address.removeprefix("/tags")):
                assert prefixed.client.get(shown).status_code == 200
    description = prefixed.client.get("/tags/openapi.json").json()
    assert description["servers"] == [{"url": "/tags"}]
    assert prefixed.client.get("/tags/nothing").json()["detail"].endswith("/tags/docs.")


def test_page_behind_a_prefix(prefixed: Running) -> None:
    bare = prefixed.client.get("/tags")
    assert (bare.status_code, bare.headers["location"]) == (308, "/tags/")
    page = prefixed.client.get("/tags/")
    assert page.text == prefixed.client.get("/").text
    # What the page asks for is relative to its address, which ends in a slash.
    assert not re.findall(r"""(?:href|src)="/""", page.text)


def test_clips_behind_a_prefix(prefixed: Running, clip: bytes) -> None:
    for path in ("/tags/v1/hashtags", "/v1/hashtags"):
        answer = prefixed.client.post(path, content=clip, headers={"Content-Type": "video/mp4"})
        assert answer.status_code == 200
    answered = ("tag2vec_requests_total", ("ok", "/v1/hashtags"))
    assert prefixed.metrics()[answered] == 2


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("/a/b", "/a/b"),
        ("/a/", "/a"),
        ("", "/tags"),
        ("//evil.example", "/tags"),
        ('/"><script>', "/tags"),
        ("a", "/tags"),
    ],
)
def test_prefix_that_a_trusted_proxy_names(prefixed: Running, said: str, shown: str) -> None:
    headers = {"X-Forwarded-Prefix": said}
    assert prefixed.client.get("/openapi.json", headers=headers).json()["servers"] == [{"url": shown}]
    assert f"url: '{shown}/openapi.json'" in prefixed.client.get("/docs", headers=headers).text


def test_prefix_that_anybody_else_names(server: Running) -> None:
    named = httpx.get(f"{server.address}/openapi.json", headers={"X-Forwarded-Prefix": "/a"}).json()
    assert "servers" not in named
