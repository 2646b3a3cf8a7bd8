"""How far a request has got, asked while it is under way."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from service.progress import Requests
from service.workers.pool import Workers
from tests.service.running import Running

STATES = ["receiving", "waiting", "analysing", "done"]


def state(server: Running, request_id: str) -> dict[str, Any]:
    found: dict[str, Any] = server.client.get(f"/v1/requests/{request_id}").json()
    return found


def test_states_of_clips_in_the_queue(tight: Running, slow_clip: bytes, clip: bytes, pool: ThreadPoolExecutor) -> None:
    def post(name: str, content: bytes) -> int:
        headers = {"Content-Type": "video/mp4", "X-Request-ID": name}
        return tight.client.post("/v1/hashtags", content=content, headers=headers).status_code

    assert state(tight, "first")["code"] == "unknown_request"
    first = pool.submit(post, "first", slow_clip)
    tight.wait_until(lambda: state(tight, "first").get("state") == "analysing")
    assert state(tight, "first") == {"request_id": "first", "state": "analysing", "place": None, "stage": "encode"}
    second = pool.submit(post, "second", clip)
    tight.wait_until(lambda: state(tight, "second").get("state") not in (None, "receiving"))
    if not first.done():
        assert state(tight, "second") == {"request_id": "second", "state": "waiting", "place": 1, "stage": None}
    assert (first.result(), second.result()) == (200, 200)
    for name in ("first", "second"):
        assert state(tight, name) == {"request_id": name, "state": "done", "place": None, "stage": None}


def test_id_that_is_none(server: Running) -> None:
    assert state(server, "a%20b")["code"] == "invalid_request"


def test_keys_learn_of_their_own_requests_only(keyed: Running, clip: bytes) -> None:
    headers = {"Content-Type": "video/mp4", "X-Request-ID": "of-alice"}
    keyed.client.post("/v1/hashtags", content=clip, headers=headers)
    assert state(keyed, "of-alice")["state"] == "done"
    other = keyed.client.get("/v1/requests/of-alice", headers={"Authorization": "Bearer two"})
    assert other.json()["code"] == "unknown_request"


def test_memory_is_bounded_and_the_last_of_an_id_counts() -> None:
    waiting: list[Path] = []
    workers = SimpleNamespace(place=lambda job: waiting.index(job) + 1 if job in waiting else None)
    requests = Requests(cast("Workers", workers))

    async def play() -> None:
        with requests.follow("a", None) as old, requests.follow("a", None) as new:
            assert requests.find("a", None) is new is not old
            new.queued(Path("clip"))
            waiting.append(Path("other"))
            waiting.append(Path("clip"))
            assert requests.state(new) == ("waiting", 2, None)
            waiting.clear()
            assert requests.state(new) == ("analysing", None, "encode")
            new.encoded()
            assert requests.state(new) == ("analysing", None, "suggest")
        for number in range(1000):
            with requests.follow(str(number), None):
                pass
        assert requests.find("a", None) is None
        assert requests.find("0", None) is not None
        assert requests.find("0", "alice") is None

    asyncio.run(play())
