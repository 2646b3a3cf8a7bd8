"""How many clips may be under way."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx

from tests.service.running import Running
from tests.service.sockets import head, speak


def test_full_queue_refuses_at_once(tight: Running, clip: bytes, slow_clip: bytes) -> None:
    with tight.held(), ExitStack() as clients:
        for number in range(2):
            connection = clients.enter_context(socket.create_connection(("127.0.0.1", tight.port)))
            content = slow_clip + bytes([number])
            connection.sendall(head("Content-Type: video/mp4", f"Content-Length: {len(content)}") + content)
        tight.wait_until(lambda: tight.metrics()["tag2vec_queue_depth", ()] == 1)
        refused = tight.suggest(clip)
        assert (refused.status_code, refused.json()["code"]) == (429, "queue_full")
        assert int(refused.headers["retry-after"]) >= 1
        status, answer = speak(tight, head("Content-Type: video/mp4", "Content-Length: 5", "Expect: 100-continue"))
        assert (status, b"100 Continue" in answer) == (429, False)
        for path in ("/healthz", "/readyz", "/metrics"):
            assert tight.client.get(path).status_code == 200
    tight.wait_until(lambda: tight.suggest(clip).status_code == 200)


def test_slow_uploads_take_no_place(tight: Running, clip: bytes) -> None:
    connections = [socket.create_connection(("127.0.0.1", tight.port)) for _ in range(40)]
    for connection in connections:
        connection.sendall(head("Content-Type: video/mp4", "Content-Length: 100") + b"x")
    assert tight.suggest(clip).status_code == 200
    for connection in connections:
        connection.close()


def test_clips_of_one_key_at_a_time(keyed: Running, clip: bytes, steady_clip: bytes) -> None:
    with ThreadPoolExecutor(1) as pool:
        with keyed.held():
            working = pool.submit(keyed.suggest, steady_clip)
            keyed.wait_until(lambda: keyed.in_state("busy"))
            refused = keyed.suggest(clip)
        assert (refused.status_code, refused.json()["code"]) == (429, "key_busy")
        headers = {"Authorization": "Bearer two", "Content-Type": "video/mp4"}
        assert httpx.post(keyed.address + "/v1/hashtags", content=clip, headers=headers, timeout=280).status_code == 200
        assert working.result(280).status_code == 200
