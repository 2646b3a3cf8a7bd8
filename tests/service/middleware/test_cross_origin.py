"""What scripts of other origins may do, as browsers ask for it."""

import httpx
import pytest

from service.middleware.cross_origin import readable
from tests.service.running import Running
from tests.service.sockets import head, speak

APP = "https://app.example"
ADDED = "authorization, cache-control, content-type, pragma, traceparent, x-requested-with"


def preflight(server: Running, origin: str, method: str = "POST", **headers: str) -> httpx.Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": method, **headers}
    return server.client.options("/v1/hashtags", headers=asked)


def test_scripts_may_send_the_headers_that_libraries_add(tight: Running) -> None:
    answer = preflight(tight, APP, **{"Access-Control-Request-Headers": ADDED})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == APP
    assert answer.headers["access-control-allow-headers"] == ADDED
    assert {"GET", "HEAD", "POST"} == set(answer.headers["access-control-allow-methods"].split(", "))
    # What is allowed depends on the request, and a cache must know it.
    assert {"Origin", "Access-Control-Request-Headers"} <= set(answer.headers["vary"].split(", "))


def test_a_method_that_is_not_there_is_left_to_the_browser(tight: Running) -> None:
    answer = preflight(tight, APP, "DELETE")
    assert answer.status_code == 204
    assert "DELETE" not in answer.headers["access-control-allow-methods"]


def test_other_origins_are_refused_and_counted(tight: Running) -> None:
    refused = ("tag2vec_requests_total", ("origin_not_allowed", "none"))
    before = tight.metrics().get(refused, 0)
    answer = preflight(tight, "https://evil.example", **{"Access-Control-Request-Headers": ADDED})
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "origin_not_allowed"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "access-control-allow-origin" not in answer.headers
    assert tight.metrics()[refused] == before + 1


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/v1/hashtags", {"Content-Type": "text/plain"}, 415),
        ("GET", "/nothing", {}, 404),
        ("GET", "/v1/info", {"X": "y" * 20_000}, 431),
        ("GET", "/v1/info", {f"X-{number}": "y" for number in range(200)}, 431),
    ],
)
def test_refusals_can_be_read(tight: Running, method: str, path: str, headers: dict[str, str], status: int) -> None:
    answer = tight.client.request(method, path, headers={"Origin": APP, **headers})
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == APP
    assert "Origin" in answer.headers["vary"]
    assert "X-Request-ID" in answer.headers["access-control-expose-headers"]
    stranger = tight.client.request(method, path, headers={"Origin": "https://evil.example", **headers})
    assert stranger.status_code == status
    assert "access-control-allow-origin" not in stranger.headers


def test_refusals_of_what_cannot_be_read_to_its_end(tight: Running) -> None:
    """The server's parser gives up on such requests before the application hears of them."""
    many = [f"X-{number}: y" for number in range(40_000)]
    for origin, allowed in ((APP, True), ("https://evil.example", False)):
        status, answer = speak(tight, head(f"Origin: {origin}", *many))
        assert status == 431
        assert (f"access-control-allow-origin: {APP}".encode() in answer.lower()) is allowed


def test_whose_scripts_may_read() -> None:
    assert readable(["*"], APP) == readable(["*"], "") == {"Access-Control-Allow-Origin": "*"}
    both = {"Access-Control-Allow-Origin": APP, "Vary": "Origin"}
    assert readable([APP], APP) == readable([APP], "") == readable([APP, "null"], APP) == both
    assert readable([APP], "https://evil.example") == readable([APP, "null"], "") == readable([], "") == {}
