"""The ID of a request and the limit on its headers."""

import re

import httpx

from tests.service.running import Running
from tests.service.sockets import head, speak


def test_request_id_is_kept_if_it_is_sane(server: Running) -> None:
    for sent, kept in (("a-b.C_9", True), ("x" * 65, False), ("a b", False), ('"', False)):
        returned = server.client.get("/healthz", headers={"X-Request-ID": sent}).headers["x-request-id"]
        assert (returned == sent) is kept
        assert kept or re.fullmatch("[0-9a-f]{32}", returned)


def test_endless_headers(tight: Running) -> None:
    many = b"".join(b"X-%d: y\r\n" % number for number in range(10_000))
    # The server's parser refuses what it has to wait for; what comes at once is counted by the application.
    status, answer = speak(tight, head("Content-Type: video/mp4")[:-2] + many + b"\r\n")
    assert status == 431
    assert b'"code":"headers_too_large"' in answer
    few = b"".join(b"X-%d: y\r\n" % number for number in range(200))
    status, answer = speak(tight, head("Content-Type: video/mp4")[:-2] + few + b"\r\n")
    assert status == 431
    assert b'"code":"headers_too_large"' in answer
    assert httpx.get(tight.address + "/healthz", headers={"X": "y" * 20_000}).status_code == 431
    status, answer = speak(tight, head("Content-Type: video/mp4", path="/v1/hashtags?" + "y" * 600_000))
    assert status == 431
    assert b'"code":"headers_too_large"' in answer
    assert tight.client.get("/healthz").status_code == 200
