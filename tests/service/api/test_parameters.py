"""What holds for the parameters of every query."""

import pytest

from tests.service.running import Running


@pytest.mark.parametrize(
    ("path", "empty"),
    [
        ("/v1/tags/yoga/neighbours", "k=&plus=&minus=%20"),
        ("/v1/tags", "prefix=&k="),
        ("/v1/tags", "k=%20&prefix=%20&k="),
    ],
)
def test_empty_ones_count_as_absent(server: Running, path: str, empty: str) -> None:
    answer = server.client.get(f"{path}?{empty}")
    assert (answer.status_code, answer.json()) == (200, server.client.get(path).json())


def test_empty_ones_of_a_clip_count_as_absent(server: Running, clip: bytes) -> None:
    names = ("k", "min_score", "exclude", "allow", "rank", "platform", "start", "end", "language", "hint", "diversity")
    answer = server.suggest(clip, **dict.fromkeys((*names, "tracks", "explain"), ""))
    assert (answer.status_code, answer.json()["hashtags"]) == (200, server.suggest(clip).json()["hashtags"])
    assert server.suggest(clip, foo="").json()["errors"][0]["where"] == "query.foo"


def test_one_value_is_given_once(server: Running, clip: bytes) -> None:
    told = "This parameter is given 2 times. Send it once."
    problem = server.suggest(clip, k=[3, 4], rank=["similar", "similar"], exclude=["yoga", "gym"]).json()
    assert problem["code"] == "invalid_request"
    assert problem["errors"] == [{"where": "query.k", "what": told}, {"where": "query.rank", "what": told}]
    assert problem["detail"] == f"query.k: {told} query.rank: {told}"
    assert server.suggest(clip, k=["", 4]).status_code == 200
    assert server.client.get("/v1/tags?prefix=a&prefix=b").json()["errors"] == [{"where": "query.prefix", "what": told}]
    several = "/v1/tags/skiing/neighbours?plus=beach&plus=sun&minus=snow&minus=ice"
    assert server.client.get(several).status_code == 200


def test_errors_of_paths_and_bodies_are_told_alike(server: Running) -> None:
    problem = server.client.get("/v1/requests/a b").json()
    assert [error["where"] for error in problem["errors"]] == ["path.request_id"]
    refused = server.client.post("/v1/feedback", content=b"{", headers={"Content-Type": "application/json"}).json()
    assert refused["errors"][0]["where"] == "body"
    assert refused["errors"][0]["what"].startswith("This is not JSON: ")
    cancelled = server.client.get("/v1/tags/yoga/neighbours?minus=yoga").json()
    assert cancelled["errors"] == [{"where": "query.minus", "what": "The tags cancel out. Ask for other tags."}]
    assert cancelled["detail"] == "query.minus: The tags cancel out. Ask for other tags."


def test_the_id_of_a_request_is_the_one_in_the_header_of_its_answer(server: Running) -> None:
    kept = server.client.get("/v1/requests/none", headers={"X-Request-ID": "clip-1"})
    assert kept.headers["x-request-id"] == kept.json()["request_id"] == "clip-1"
    for invalid in ("a b", "x" * 65, "a/b"):
        replaced = server.client.get("/v1/requests/none", headers={"X-Request-ID": invalid})
        assert replaced.headers["x-request-id"] == replaced.json()["request_id"] != invalid
        assert len(replaced.json()["request_id"]) == 32


def test_the_nearest_name_is_told_for_a_few_unknown_parameters(server: Running, clip: bytes) -> None:
    (error,) = server.suggest(clip, langauge="en").json()["errors"]
    assert error == {"where": "query.langauge", "what": "There is no such parameter. Do you mean language?"}
    many = server.suggest(clip, **{f"hints{number}": "x" for number in range(500)}).json()["errors"]
    assert {error["what"] for error in many} == {"There is no such parameter. Check its spelling, or leave it out."}
    assert len(many) == 500
