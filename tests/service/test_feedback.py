"""Feedback: what is stored, and what is refused."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.errors import Tag2VecError
from service import feedback
from service.feedback import Feedback
from tests.service.conftest import Serve
from tests.service.running import Running

SHA = "0" * 64


def test_entries_are_replaced_and_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Feedback(tmp_path / "feedback.sqlite")
    first = store.keep(SHA, {"beach": "kept", "own": "added"}, {"beach": 0.5, "sea": 0.25}, 0.75)
    again = store.keep(SHA, {"beach": "dropped"}, {"beach": 0.5}, 0.75, instead_of=first)
    assert again != first
    (entry,) = Feedback(tmp_path / "feedback.sqlite").entries()
    assert (entry["model"], len(entry["day"])) == (SHA, 10)
    assert entry["hashtags"] == [{"tag": "beach", "choice": "dropped", "relevance": 0.5, "any_right": 0.75}]
    monkeypatch.setattr(feedback, "MOST", 3)
    for number in range(5):
        store.keep(SHA, {f"tag{number}": "added"}, {}, 1.0)
    assert [entry["hashtags"][0]["tag"] for entry in store.entries()] == ["tag2", "tag3", "tag4"]
    assert store.keep(SHA, {"x": "added"}, {}, 1.0) > again
    with sqlite3.connect(tmp_path / "feedback.sqlite") as database:
        assert database.execute("SELECT count(*) FROM choice").fetchone() == (3,)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database at all, but long enough to be looked at\n" * 100)
    with pytest.raises(Tag2VecError, match=r"notes\.txt: cannot be used as a database of feedback"):
        Feedback(tmp_path / "notes.txt")
    with pytest.raises(Tag2VecError, match="cannot be used"):
        Feedback(tmp_path / "missing" / "feedback.sqlite")


@pytest.fixture(scope="module")
def collecting(start: Serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Path]]:
    database = tmp_path_factory.mktemp("feedback") / "feedback.sqlite"
    with start(workers=1, feedback=database) as server:
        yield server, database


def send(server: Running, **body: Any) -> tuple[int, dict[str, Any]]:
    answer = server.client.post("/v1/feedback", json=body)
    return answer.status_code, answer.json() if answer.content else {}


def test_feedback_on_an_answer(collecting: tuple[Running, Path], clip: bytes) -> None:
    server, database = collecting
    assert server.client.get("/v1/info").json()["feedback"] is True
    answer = server.suggest(clip, k=4).json()
    tags = [found["tag"] for found in answer["hashtags"]]
    sent = {"request_id": answer["request_id"], "kept": [tags[0].upper()], "dropped": ["#" + tags[1]]}
    assert send(server, **sent, added=["our own"]) == (204, {})
    assert send(server, **sent) == (204, {})
    (entry,) = Feedback(database).entries()
    assert entry["model"] == answer["model"]["sha256"]
    assert {one["tag"]: one["choice"] for one in entry["hashtags"]} == {tags[0]: "kept", tags[1]: "dropped"}
    assert all(0 <= one["relevance"] <= 1.01 and 0 <= one["any_right"] <= 1 for one in entry["hashtags"])
    assert answer["request_id"].encode() not in database.read_bytes()


def test_feedback_that_does_not_fit(collecting: tuple[Running, Path], clip: bytes) -> None:
    server, database = collecting
    answer = server.suggest(clip, k=4).json()
    tag, known = answer["hashtags"][0]["tag"], {"request_id": answer["request_id"]}
    before = database.read_bytes()
    assert send(server, request_id="nobody", kept=[tag])[1]["code"] == "unknown_request"
    for body, where in (
        ({"kept": ["qwertzuiop"]}, "body.kept.0"),
        ({"kept": [tag], "dropped": [tag]}, "body.dropped.0"),
        ({"added": ["fine", tag]}, "body.added.1"),
        ({"added": ["2016"]}, "body.added.0"),
        ({"kept": [tag] * 101}, "body.kept"),
        ({"note": "nice"}, "body.note"),
    ):
        status, problem = send(server, **known, **body)
        assert (status, problem["code"], problem["errors"][0]["where"]) == (422, "invalid_request", where)
    large = server.client.post(
        "/v1/feedback", content=b"[" + b" " * 70_000, headers={"Content-Type": "application/json"}
    )
    assert (large.status_code, large.json()["detail"]) == (422, "Feedback may have at most 64 KiB.")
    assert database.read_bytes() == before


def test_feedback_is_off_by_default(server: Running, clip: bytes) -> None:
    assert server.client.get("/v1/info").json()["feedback"] is False
    answer = server.suggest(clip).json()
    assert send(server, request_id=answer["request_id"])[1]["code"] == "feedback_off"
