"""Bodies that are too large or too slow."""

from collections.abc import Iterator

import pytest

from tests.service.running import Running
from tests.service.sockets import head, speak

MP4 = {"Content-Type": "video/mp4"}


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
    assert response.json()["detail"] == "The clip is larger than 1 MiB. Send a shorter or smaller one."
    assert tight.client.post("/v1/hashtags", content=iter([clip]), headers=MP4).status_code == 200


def test_upload_that_stands_still(tight: Running) -> None:
    status, answer = speak(tight, head("Content-Type: video/mp4", "Content-Length: 100"), b"x")
    assert status == 408
    assert b'"code":"upload_too_slow"' in answer


def test_upload_that_drips(tight: Running, clip: bytes) -> None:
    status, _ = speak(tight, head("Content-Type: video/mp4", "Content-Length: 100"), *[b"x"] * 14, pause=0.5)
    assert status == 408
    assert tight.suggest(clip).status_code == 200
