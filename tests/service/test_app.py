"""What holds for every route: problem documents, and HEAD."""

import pytest

from tests.service.running import Running


def test_problems_of_addresses_and_methods(server: Running) -> None:
    for response, status, code in (
        (server.client.get("/v2/hashtags"), 404, "not_found"),
        (server.client.delete("/v1/hashtags"), 405, "method_not_allowed"),
        (server.client.head("/v1/hashtags"), 405, None),
    ):
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
        if code is None:
            continue
        problem = response.json()
        assert problem["code"] == code
        assert problem["status"] == status
        assert problem["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/docs",
        "/openapi.json",
        "/healthz",
        "/readyz",
        "/metrics",
        "/v1/info",
        "/v1/platforms",
        "/v1/tags",
        "/v1/tags/yoga/neighbours",
        "/nothing",
    ],
)
def test_head_is_get_without_the_body(server: Running, path: str) -> None:
    headers = {"Accept-Encoding": "identity"}
    server.client.get(path)
    head, get = server.client.head(path, headers=headers), server.client.get(path, headers=headers)
    assert head.status_code == get.status_code
    assert head.content == b""
    assert set(head.headers) == set(get.headers)
    assert head.headers["content-type"] == get.headers["content-type"]
    assert head.headers.get("etag") == get.headers.get("etag")
    if path != "/metrics":  # which count the requests
        assert int(head.headers["content-length"]) == len(get.content)


def test_methods_of_a_path_are_named(server: Running) -> None:
    answer = server.client.post("/v1/info")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/v1/info"])
def test_query_that_only_keeps_caches_away(server: Running, path: str) -> None:
    assert server.client.get(path, params={"ts": "1"}).status_code == 200
    assert server.client.head(path, params={"ts": "1"}).status_code == 200
