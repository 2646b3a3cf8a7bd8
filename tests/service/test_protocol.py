"""What is not HTTP, or says nothing."""

import json

import pytest

from tests.service.running import Running
from tests.service.sockets import head, speak


def test_connection_that_says_nothing_is_closed(tight: Running) -> None:
    assert speak(tight, b"POST / HTTP/1.1\r\n") == (0, b"")


def logged(server: Running, answer: bytes) -> dict[str, object]:
    """The log line of the request that was answered with this problem."""
    document = json.loads(answer.partition(b"\r\n\r\n")[2])
    (line,) = (line for line in server.log.read_text().splitlines() if document["request_id"] in line)
    return {name: json.loads(line)[name] for name in ("status", "outcome", "route")} | {"code": document["code"]}


def test_what_is_no_request(tight: Running) -> None:
    refused = ("tag2vec_requests_total", ("not_http", "none"))
    before = tight.metrics().get(refused, 0)
    status, answer = speak(tight, b"\x16\x03\x01\x02\x00\x01\r\n\r\n")
    assert status == 400
    assert b"application/problem+json" in answer
    assert logged(tight, answer) == {"status": 400, "outcome": "not_http", "route": "none", "code": "not_http"}
    assert tight.metrics()[refused] == before + 1


@pytest.mark.parametrize("parts", [1, 2])
def test_body_that_is_no_http(server: Running, parts: int) -> None:
    """Whether it comes with the head, before the request is seen, or after."""
    sent = head("Content-Type: video/mp4", "Transfer-Encoding: chunked") + b"5\r\nabcde\r\n", b"zz\r\n"
    status, answer = speak(server, *(sent if parts == 2 else [b"".join(sent)]), pause=0.2)
    assert status == 400
    server.wait_until(lambda: not server.uploads(), seconds=8)  # not only when the upload times out
    assert logged(server, answer)["outcome"] == "not_http"
    assert "Traceback" not in server.log.read_text()
