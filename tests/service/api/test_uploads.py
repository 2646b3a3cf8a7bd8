"""Bodies as they come from bad networks and worse clients."""

import json
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.service.conftest import Serve
from tests.service.running import Running

MP4 = {"Content-Type": "video/mp4"}


def speak(server: Running, *sent: bytes, pause: float = 0.0) -> tuple[int, bytes]:
    """Send bytes over a bare socket, with pauses between them; return the status and all that came back."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        for part in sent:
            try:
                connection.sendall(part)
            except OSError:
                break
            time.sleep(pause)
        received = b""
        while data := connection.recv(65536):
            received += data
    return int(received.split(b" ", 2)[1]) if received else 0, received


def head(*headers: str, path: str = "/v1/hashtags") -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: x", "Connection: close", *headers, "", ""]).encode()


def form(*parts: bytes, closed: bool = True) -> tuple[bytes, dict[str, str]]:
    body = b"".join(b"--xx\r\n" + part + b"\r\n" for part in parts) + (b"--xx--\r\n" if closed else b"")
    return body, {"Content-Type": "multipart/form-data; boundary=xx"}


def part(name: str, content: bytes, *headers: bytes) -> bytes:
    disposition = f'Content-Disposition: form-data; name="{name}"; filename="x.mp4"'.encode()
    return b"\r\n".join([disposition, *headers, b"", content])


@pytest.fixture(autouse=True)
def nothing_left(tight: Running) -> Iterator[None]:
    """Whatever a test sends, no file of it stays."""
    yield
    tight.wait_until(lambda: not tight.uploads())


def test_size_by_header_is_refused_before_leave_to_send(tight: Running) -> None:
    status, answer = speak(tight, head("Content-Type: video/mp4", "Content-Length: 1048577", "Expect: 100-continue"))
    assert status == 413
    assert b"100 Continue" not in answer
    assert b'"code":"clip_too_large"' in answer


@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [("/v1/hashtags?k=99", "video/mp4", 422), ("/v1/hashtags", "text/plain", 415), ("/v1/other", "video/mp4", 404)],
)
def test_other_refusals_come_before_leave_to_send(tight: Running, path: str, kind: str, status: int) -> None:
    headers = (f"Content-Type: {kind}", "Content-Length: 1000", "Expect: 100-continue")
    got, answer = speak(tight, head(*headers, path=path))
    assert got == status
    assert b"100 Continue" not in answer


def test_leave_to_send_is_given(tight: Running) -> None:
    status, answer = speak(
        tight, head("Content-Type: video/mp4", "Content-Length: 5", "Expect: 100-continue"), b"hello", pause=0.2
    )
    assert status == 100
    assert b'"code":"not_a_video"' in answer


def test_client_that_sends_all_at_once_still_reads_the_refusal(tight: Running) -> None:
    response = tight.client.post("/v1/hashtags", content=bytes(30 * 2**20), headers=MP4)
    assert response.status_code == 413
    assert tight.client.get("/healthz").status_code == 200


def test_size_of_a_body_without_length_is_counted(tight: Running, clip: bytes) -> None:
    def chunks(count: int) -> Iterator[bytes]:
        for _ in range(count):
            yield bytes(2**16)

    assert tight.client.post("/v1/hashtags", content=chunks(15), headers=MP4).status_code == 415
    response = tight.client.post("/v1/hashtags", content=chunks(40), headers=MP4)
    assert response.status_code == 413
    assert response.json()["code"] == "clip_too_large"
    assert tight.client.post("/v1/hashtags", content=iter([clip]), headers=MP4).status_code == 200


def test_form_may_be_as_large_as_its_clip_needs(tight: Running) -> None:
    for size, status in ((2**20, 415), (2**20 + 1, 413)):
        body, headers = form(part("file", bytes(size)))
        assert tight.client.post("/v1/hashtags", content=body, headers=headers).status_code == status


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/json", "image/png", "multipart/mixed; boundary=xx", "videos/mp4"]
)
def test_other_content_types(tight: Running, clip: bytes, kind: str) -> None:
    response = tight.client.post("/v1/hashtags", content=clip, headers={"Content-Type": kind})
    assert response.status_code == 415
    assert response.json()["code"] == "unsupported_media_type"


@pytest.mark.parametrize("kind", ["video/mp4", "VIDEO/QuickTime; codecs=avc1", "application/octet-stream"])
def test_content_types_taken(tight: Running, clip: bytes, kind: str) -> None:
    assert tight.client.post("/v1/hashtags", content=clip, headers={"Content-Type": kind}).status_code == 200


def test_empty_clip(tight: Running) -> None:
    body, headers = form(part("file", b""))
    for response in (
        tight.client.post("/v1/hashtags", headers=MP4),
        tight.client.post("/v1/hashtags", content=iter([b""]), headers=MP4),
        tight.client.post("/v1/hashtags", content=body, headers=headers),
    ):
        assert response.status_code == 422
        assert response.json()["code"] == "empty_clip"


def broken_forms() -> dict[str, tuple[bytes, dict[str, str]]]:
    whole = part("file", b"clip")
    return {
        "no boundary named": (form(whole)[0], {"Content-Type": "multipart/form-data"}),
        "endless boundary": (form(whole)[0], {"Content-Type": f"multipart/form-data; boundary={'x' * 300}"}),
        "another boundary": (form(whole)[0], {"Content-Type": "multipart/form-data; boundary=yy"}),
        "another field": form(part("clip", b"clip")),
        "no disposition": form(b"Content-Type: video/mp4\r\n\r\nclip"),
        "two clips": form(whole, whole),
        "one field more": form(whole, part("k", b"3")),
        "nothing": form(),
        "no end": form(whole, closed=False),
        "many headers": form(part("file", b"clip", *[b"X-%d: y" % n for n in range(10_000)])),
        "a long header": form(part("file", b"clip", b"X: " + bytes(100_000))),
        "no form": (b"hello", {"Content-Type": "multipart/form-data; boundary=xx"}),
    }


@pytest.mark.parametrize("name", broken_forms())
def test_broken_form(tight: Running, name: str) -> None:
    body, headers = broken_forms()[name]
    response = tight.client.post("/v1/hashtags", content=body, headers=headers)
    assert response.status_code == 422
    assert response.json()["code"] == "invalid_request"
    assert response.json()["errors"][0]["where"] == "body"


def test_upload_that_stands_still(tight: Running) -> None:
    began = time.monotonic()
    status, answer = speak(tight, head("Content-Type: video/mp4", "Content-Length: 100"), b"x")
    assert status == 408
    assert b'"code":"upload_too_slow"' in answer
    assert time.monotonic() - began < 4


def test_upload_that_drips(tight: Running, clip: bytes) -> None:
    began = time.monotonic()
    status, _ = speak(tight, head("Content-Type: video/mp4", "Content-Length: 100"), *[b"x"] * 10, pause=0.5)
    assert status == 408
    assert time.monotonic() - began < 7
    assert tight.suggest(clip).status_code == 200


def test_slow_uploads_take_no_place(tight: Running, clip: bytes) -> None:
    connections = [socket.create_connection(("127.0.0.1", tight.port)) for _ in range(40)]
    for connection in connections:
        connection.sendall(head("Content-Type: video/mp4", "Content-Length: 100") + b"x")
    assert tight.suggest(clip).status_code == 200
    for connection in connections:
        connection.close()


def test_all_uploads_together(start: Serve, clip: bytes) -> None:
    with start(workers=1, uploads_mb=1, cache=0) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            sent = bytes(2**20 - len(clip))
            connection.sendall(head("Content-Type: video/mp4", f"Content-Length: {2**20}") + sent)
            server.wait_until(lambda: server.metrics()["tag2vec_upload_bytes", ()] == len(sent))
            refused = server.suggest(clip + b"x")
            assert (refused.status_code, refused.json()["code"]) == (429, "queue_full")
            assert int(refused.headers["retry-after"]) > 0
            assert server.suggest(clip).status_code == 200
        server.wait_until(lambda: server.metrics()["tag2vec_upload_bytes", ()] == 0)
        assert server.suggest(clip + b"x").status_code == 200


def test_upload_that_breaks_off(tight: Running, clip: bytes) -> None:
    gone = ("tag2vec_requests_total", ("client_gone", "/v1/hashtags"))
    before = tight.metrics().get(gone, 0)
    with socket.create_connection(("127.0.0.1", tight.port)) as connection:
        connection.sendall(head("Content-Type: video/mp4", f"Content-Length: {len(clip)}") + clip[:1000])
        tight.wait_until(tight.uploads)
    tight.wait_until(lambda: tight.metrics().get(gone, 0) == before + 1)


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
def test_body_that_is_no_http(tight: Running, parts: int) -> None:
    """Whether it comes with the head, before the request is seen, or after."""
    sent = head("Content-Type: video/mp4", "Transfer-Encoding: chunked") + b"5\r\nabcde\r\n", b"zz\r\n"
    status, answer = speak(tight, *(sent if parts == 2 else [b"".join(sent)]), pause=0.2)
    assert status == 400
    tight.wait_until(lambda: not tight.uploads(), seconds=1)  # at once, not when the client is given up
    assert logged(tight, answer)["outcome"] == "not_http"
    assert "Traceback" not in tight.log.read_text()
