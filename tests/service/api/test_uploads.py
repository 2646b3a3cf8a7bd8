"""Clips as raw bodies and as forms."""

import gzip
import socket
from collections.abc import Iterator

import pytest

from models.video.container import MEDIA_TYPES
from service.middleware.body_limits import FORM_BYTES
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
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json",
        "image/png",
        "multipart/mixed; boundary=xx",
        "videos/mp4",
    ],
)
def test_other_content_types(tight: Running, clip: bytes, kind: str) -> None:
    response = tight.client.post("/v1/hashtags", content=clip, headers={"Content-Type": kind})
    assert response.status_code == 415
    assert response.json()["code"] == "unsupported_media_type"
    for taken in ("multipart/form-data", "video/*", "image/gif", "application/mp4", "application/octet-stream"):
        assert taken in response.json()["detail"]
        assert taken in response.headers["accept"]


@pytest.mark.parametrize("kind", [*MEDIA_TYPES, "VIDEO/QuickTime; codecs=avc1", "application/octet-stream", "", None])
def test_content_types_taken(tight: Running, clip: bytes, kind: str | None) -> None:
    headers = {"Content-Type": kind} if kind is not None else {}
    assert tight.client.post("/v1/hashtags", content=clip, headers=headers).status_code == 200


@pytest.mark.parametrize(("coding", "status"), [("gzip", 415), ("GZIP", 415), ("br", 415), ("identity", 200)])
def test_compressed_bodies_are_named(tight: Running, clip: bytes, coding: str, status: int) -> None:
    content = gzip.compress(clip) if status == 415 else clip
    answer = tight.client.post("/v1/hashtags", content=content, headers={**MP4, "Content-Encoding": coding})
    assert answer.status_code == status
    if status == 415:
        assert answer.json()["code"] == "unsupported_media_type"
        assert "Content-Encoding" in answer.json()["detail"]
        assert answer.headers["accept-encoding"] == "identity"


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
        "the clip coded": form(part("file", b"Y2xpcA==", b"Content-Transfer-Encoding: base64")),
        "too much beside the clip": form(part("caption", bytes(FORM_BYTES)), whole),
        "too much before the form": (bytes(FORM_BYTES) + b"\r\n" + form(whole)[0], form()[1]),
        "too many fields": form(*[part("a", b"")] * (FORM_BYTES // 60), whole),
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


@pytest.mark.parametrize(
    ("parts", "detail"),
    [
        ([part("file", b"clip"), part("caption", bytes(FORM_BYTES))], ""),
        (
            [part("caption", bytes(2 * FORM_BYTES)), part("file", b"clip")],
            " If one of these fields is the clip, call it 'file': 'caption'.",
        ),
    ],
)
def test_form_that_is_too_long_says_nothing_false(tight: Running, parts: list[bytes], detail: str) -> None:
    body, headers = form(*parts)
    problem = tight.client.post("/v1/hashtags", content=body, headers=headers).json()
    assert problem["detail"] == "Beside the field 'file', a form may have at most 256 KiB." + detail


def others() -> dict[str, list[bytes]]:
    """What clients send beside the clip."""
    return {
        "Uppy": [part("name", b"x.mp4"), part("type", b"video/mp4")],
        "a caption": [part("caption", "Été à la plage 🏖️\r\n--x".encode())],
        "a picture": [part("thumbnail", bytes(100_000), b"Content-Type: image/jpeg")],
        "no name": [b"Content-Disposition: form-data\r\n\r\nx", b"\r\nx"],
        "as much as is allowed": [part("caption", bytes(FORM_BYTES - 400))],
        "a name in Latin-1": [part("caption", b"x").replace(b"caption", b"l\xe9gende")],
    }


@pytest.mark.parametrize("name", others())
@pytest.mark.parametrize("first", [True, False])
def test_other_fields_are_skipped(tight: Running, clip: bytes, name: str, first: bool) -> None:
    whole = part("file", clip, b"Content-Type: video/mp4")
    body, headers = form(*others()[name], whole) if first else form(whole, *others()[name])
    answer = tight.client.post("/v1/hashtags", content=body, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["hashtags"] == tight.suggest(clip).json()["hashtags"]


@pytest.mark.parametrize("preamble", [b"This is a message in MIME format.\r\n", b"\r\n", b"--x\r\n--x\r\n", b"\n"])
def test_what_comes_before_and_after_a_form(tight: Running, clip: bytes, preamble: bytes) -> None:
    body, headers = form(part("file", clip))
    whole = preamble + body + b"The end.\r\n"
    for size in (len(whole), 7):  # at once, and in pieces that cut the boundary
        head, rest = whole[: len(preamble) + 10], whole[len(preamble) + 10 :]
        pieces = [head[at : at + size] for at in range(0, len(head), size)]
        answer = tight.client.post("/v1/hashtags", content=iter([*pieces, rest]), headers=headers)
        assert answer.status_code == 200


def test_the_field_of_the_clip_is_named(tight: Running) -> None:
    body, headers = form(part("caption", b"x"), part("video", b"clip"))
    detail = tight.client.post("/v1/hashtags", content=body, headers=headers).json()["detail"]
    assert detail == "The clip must be in the field 'file'; found 'caption', 'video'."
    body, headers = form(part("file", b"clip"), part("k", b"1"), part("file", b"clip"))
    detail = tight.client.post("/v1/hashtags", content=body, headers=headers).json()["detail"]
    assert detail == "The form has more than one field 'file'. Send one clip per form."


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
