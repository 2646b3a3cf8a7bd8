"""Clips as raw bodies and as forms."""

import socket
from collections.abc import Iterator

import pytest

from models.video.container import MEDIA_TYPES
from tests.service.conftest import Serve
from tests.service.running import Running
from tests.service.sockets import head, speak

MP4 = {"Content-Type": "video/mp4"}


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
    for taken in ("multipart/form-data", "video/*", "image/gif", "application/mp4", "application/octet-stream"):
        assert taken in response.json()["detail"]


@pytest.mark.parametrize("kind", [*MEDIA_TYPES, "VIDEO/QuickTime; codecs=avc1", "application/octet-stream"])
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
