"""What holds for every route: problem documents and origins."""

from tests.service.running import Running


def test_problems_of_addresses_and_methods(server: Running) -> None:
    for response, status, code in (
        (server.client.get("/v2/hashtags"), 404, "not_found"),
        (server.client.delete("/v1/hashtags"), 405, "method_not_allowed"),
        (server.client.get("/v1/info/"), 404, "not_found"),
    ):
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
        problem = response.json()
        assert problem["code"] == code
        assert problem["status"] == status
        assert problem["request_id"] == response.headers["x-request-id"]


def test_browsers_of_listed_origins_only(tight: Running) -> None:
    def allowed(origin: str) -> str | None:
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        origins: str | None = tight.client.options("/v1/hashtags", headers=headers).headers.get(
            "access-control-allow-origin"
        )
        return origins

    assert allowed("https://app.example") == "https://app.example"
    assert allowed("https://evil.example") is None
