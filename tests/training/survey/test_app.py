import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from models.bundle import SHIPPED, Bundle
from tests.training.survey.conftest import TAGS
from training.survey.app import create_app
from training.survey.database import Database, Rater, SurveyError
from training.survey.order import shown_order
from training.survey.preparation import Preparation, find_clips

CLIPS = {1: "a.mp4", 2: "b.webm", 3: "c.mp4"}


class Client:
    """Asks the application without a server."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def request(self, method: str, path: str, **request: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self._app), base_url="http://survey") as client:
                return await client.request(method, path, **request)

        return asyncio.run(ask())

    def get(self, path: str, **request: Any) -> httpx.Response:
        return self.request("GET", path, **request)

    def put(self, path: str, **request: Any) -> httpx.Response:
        return self.request("PUT", path, **request)


@pytest.fixture
def client(database: Database, tmp_path: Path) -> Client:
    for name in CLIPS.values():
        (tmp_path / name).write_bytes(bytes(range(256)))
    preparation = Preparation(tmp_path / "survey.sqlite", Bundle.open(SHIPPED), tmp_path, CLIPS, 1)
    return Client(create_app(database, preparation, tmp_path, CLIPS))


@pytest.fixture
def ann(database: Database) -> Rater:
    return database.raters()[0]


def test_only_those_with_a_link_get_in(client: Client, ann: Rater) -> None:
    assert client.get("/").status_code == 200
    assert client.get("/no-such-token").status_code == 404
    assert client.get("/no-such-token/survey").status_code == 404
    assert client.get("/no-such-token/clips/1/video").status_code == 404
    page = client.get(f"/{ann.token}")
    assert page.status_code == 200
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "'unsafe" not in page.headers["content-security-policy"]


def test_ranges_of_a_clip(client: Client, ann: Rater) -> None:
    part = client.get(f"/{ann.token}/clips/1/video", headers={"Range": "bytes=10-19"})
    assert part.status_code == 206
    assert part.content == bytes(range(10, 20))
    assert part.headers["content-range"] == "bytes 10-19/256"
    assert client.get(f"/{ann.token}/clips/2/video").headers["content-type"] == "video/webm"
    assert client.get(f"/{ann.token}/clips/9/video").status_code == 404


def test_what_is_added_is_normalised_or_kept(client: Client, ann: Rater) -> None:
    answer = {"outcome": "judged", "kept": ["축구"], "added": ["#Slam Dunk!", "#Golfing", "slamdunks"]}
    stored = client.put(f"/{ann.token}/clips/1/answer", json=answer).json()
    assert stored == {"outcome": "judged", "kept": ["golf", "축구"], "added": ["slamdunk"]}
    assert client.get(f"/{ann.token}/clips/1").json()["kept"] == ["golf", "축구"]
    outcomes = [clip["outcome"] for clip in client.get(f"/{ann.token}/survey").json()["clips"]]
    assert outcomes == ["judged", None, None]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b'{"kept": ["nba"]}', 422),
        (b'{"added": ["2016"]}', 422),
        (b'{"outcome": "perhaps"}', 422),
        (b'{"kept": "golf"}', 422),
        (b"no json", 422),
        (b" " * 70_000, 413),
    ],
)
def test_what_cannot_be_an_answer_is_refused(
    client: Client, database: Database, ann: Rater, content: bytes, status: int
) -> None:
    response = client.put(f"/{ann.token}/clips/1/answer", content=content)
    assert response.status_code == status
    assert response.json()["detail"]
    assert database.outcomes(ann) == {}


def test_order_neither_follows_the_rank_nor_changes(client: Client, database: Database) -> None:
    first, second = database.raters()
    orders = {
        (rater.name, clip): tuple(client.get(f"/{rater.token}/clips/{clip}").json()["suggestions"])
        for rater in (first, second)
        for clip in CLIPS
    }
    assert len(set(orders.values())) > 3
    assert all(sorted(order) == sorted(TAGS) for order in orders.values())
    assert orders["ann", 1] == tuple(client.get(f"/{first.token}/clips/1").json()["suggestions"])


def test_every_place_is_as_likely_for_every_rank() -> None:
    tags = [f"tag{rank}" for rank in range(15)]
    places = [shown_order(tags, rater, clip).index("tag0") for rater in range(60) for clip in range(50)]
    # 3,000 draws over 15 places: 200 each, with a standard deviation of 14.
    assert all(140 < places.count(place) < 260 for place in range(15))


def test_clips_are_found_below_and_once(tmp_path: Path) -> None:
    (tmp_path / "golf").mkdir()
    (tmp_path / "golf/one.MP4").write_bytes(b"one")
    (tmp_path / "copy.mkv").write_bytes(b"one")
    (tmp_path / "notes.txt").write_bytes(b"two")
    assert list(find_clips(tmp_path).values()) == ["copy.mkv"]
    with pytest.raises(SurveyError, match="no clip"):
        find_clips(tmp_path / "nowhere")
