"""The ID of a request, the limit on its headers, and its connection."""

import re
import socket

import httpx
import pytest

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


@pytest.mark.parametrize(
    ("headers", "sent", "status"),
    [
        (["Content-Length: 100", "Expect: 100-continue"], b"", 415),
        (["Content-Length: 1048577", "Expect: 100-continue"], b"", 413),
        (["Content-Length: 100"], bytes(100), 415),
        (["Content-Length: 100"], bytes(10), 415),
        (["Transfer-Encoding: chunked"], b"5\r\nhello\r\n0\r\n\r\n", 415),
    ],
)
def test_refusal_before_the_body_closes_the_connection(
    tight: Running, headers: list[str], sent: bytes, status: int
) -> None:
    """Otherwise what the client sends next would be taken for the body that it kept to itself."""
    request = "\r\n".join(["POST /v1/hashtags HTTP/1.1", "Host: x", "Content-Type: text/plain", *headers, "", ""])
    with socket.create_connection(("127.0.0.1", tight.port), timeout=30) as connection:
        connection.sendall(request.encode() + sent)
        received = b""
        while data := connection.recv(65536):  # ends only because the server closes
            received += data
    assert received.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"\r\nconnection: close\r\n" in received.partition(b"\r\n\r\n")[0].lower() + b"\r\n"


def test_connection_stays_open_once_the_body_was_read(tight: Running) -> None:
    """Whatever the answer: clients that upload many clips need not connect anew for each."""
    body = b"no clip"
    post = f"POST /v1/hashtags HTTP/1.1\r\nHost: x\r\nContent-Type: video/mp4\r\nContent-Length: {len(body)}\r\n\r\n"
    last = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    status, received = speak(tight, 2 * (post.encode() + body) + last)
    assert status == 415
    assert received.count(b'"code":"not_a_video"') == 2
    assert received.endswith(b'{"status":"ok"}')
