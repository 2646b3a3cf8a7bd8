"""Parameters as fields of the form that carries the clip."""

from typing import Any

import pytest

from tests.service.running import Running

Fields = dict[str, str | list[str]]


def send(server: Running, clip: bytes, fields: Fields, **query: str | list[str]) -> tuple[int, Any]:
    answer = server.client.post("/v1/hashtags", files={"file": ("x.mp4", clip)}, data=fields, params=query)
    server.wait_until(lambda: not server.uploads())
    return answer.status_code, answer.json()


def test_they_are_worth_the_same_as_in_the_query(server: Running, clip: bytes) -> None:
    best = [found["tag"] for found in server.suggest(clip, k=50).json()["hashtags"]]
    ways: list[Fields] = [
        {"k": "3"},
        {"rank": "popular", "k": "20"},
        {"min_score": "0.2"},
        {"exclude": best[:2], "k": "5"},
        {"exclude": ",".join(best[:2]), "k": "5"},
        {"allow": [f"#{best[4].upper()}", best[7]]},
        {"allow": f"#{best[4]} #{best[7]}"},
    ]
    for given in ways:
        status, answer = send(server, clip, given)
        assert status == 200
        assert answer["hashtags"] == server.suggest(clip, **given).json()["hashtags"] != []
        assert answer["hashtags"] != server.suggest(clip).json()["hashtags"]


def test_some_in_the_query_and_some_in_the_form(server: Running, clip: bytes) -> None:
    status, answer = send(server, clip, {"rank": "popular", "caption": "at the beach", "l": "3"}, k="4")
    assert status == 200
    assert answer["hashtags"] == server.suggest(clip, k=4, rank="popular").json()["hashtags"]


def test_what_a_page_leaves_empty(server: Running, clip: bytes) -> None:
    fields: Fields = {"k": ["", "2"], "min_score": "", "exclude": ["", " "], "allow": "", "rank": "", "platform": ""}
    status, answer = send(server, clip, fields, rank="", language="")
    assert status == 200
    assert answer["hashtags"] == server.suggest(clip, k=2).json()["hashtags"]


def test_twice_the_same_parameter(server: Running, clip: bytes) -> None:
    fields: Fields = {"k": "3", "exclude": "golf", "rank": ["popular", "similar"], "hint": ["yoga", "gym"]}
    status, problem = send(server, clip, fields, k="3", exclude="yoga")
    assert (status, problem["code"]) == (422, "invalid_request")
    assert [error["where"] for error in problem["errors"]] == ["body.k", "body.exclude", "body.rank"]
    assert "body.rank: This parameter is given 2 times. Send it once." in problem["detail"]


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"k": "0"}, "body.k"),
        ({"k": "many"}, "body.k"),
        ({"min_score": "nan"}, "body.min_score"),
        ({"rank": "best"}, "body.rank"),
        ({"exclude": "x" * 101}, "body.exclude.0"),
        ({"exclude": ",".join(["x"] * 101)}, "body.exclude"),
    ],
)
def test_values_that_do_not_fit(server: Running, clip: bytes, fields: Fields, where: str) -> None:
    status, problem = send(server, clip, fields)
    assert (status, problem["code"]) == (422, "invalid_request")
    assert [error["where"] for error in problem["errors"]] == [where]


def test_as_many_tags_as_are_allowed(server: Running, clip: bytes) -> None:
    tags = [f"{number:0>100}" for number in range(999)]
    status, answer = send(server, clip, {"allow": [*tags, "yoga"]})
    assert status == 200
    assert [found["tag"] for found in answer["hashtags"]] == ["yoga"]
