"""Settings as operators write them."""

import pytest
from pydantic import ValidationError

from service.settings import Settings, unknown_variables


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("cors_origins", "http://x", r'JSON list, such as \["http://x"\]'),
        ("cors_origins", "", "JSON list"),
        ("cors_origins", '"http://x"', "JSON list"),
        ("cors_origins", '{"http://x": 1}', "JSON list"),
        ("cors_origins", "[1]", "string"),
        ("cors_origins", '["https://app.example/"]', "no slash"),
        ("cors_origins", '["app.example"]', "https://"),
        ("trusted_proxies", "10.0.0.1", "JSON list"),
        ("trusted_proxies", '["proxy"]', "IPv4 or IPv6"),
        ("root_path", "tags", "begins with a slash"),
        ("root_path", "https://x/tags", "begins with a slash"),
        ("root_path", "/v1", "of the service itself"),
        ("root_path", "/docs/x", "of the service itself"),
    ],
)
def test_values_that_cannot_be(monkeypatch: pytest.MonkeyPatch, setting: str, value: str, says: str) -> None:
    monkeypatch.setenv(f"TAG2VEC_{setting.upper()}", value)
    with pytest.raises(ValidationError, match=says) as raised:
        Settings()
    assert {error["loc"][0] for error in raised.value.errors()} == {setting}


def test_values_as_they_may_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    origins = ["https://app.example", "http://localhost:3000", "capacitor://localhost", "null", "http://[::1]:80", "*"]
    monkeypatch.setenv("TAG2VEC_CORS_ORIGINS", str(origins).replace("'", '"'))
    monkeypatch.setenv("TAG2VEC_TRUSTED_PROXIES", '["127.0.0.1", "10.0.0.0/8", "::1"]')
    monkeypatch.setenv("TAG2VEC_ROOT_PATH", "/a/tags.v1/")
    settings = Settings()
    assert settings.cors_origins == origins
    assert [str(network) for network in settings.trusted_proxies] == ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]
    assert settings.root_path == "/a/tags.v1"
    assert Settings(root_path="/").root_path is None


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("TAG2VEC_DENYFILE", "TAG2VEC_DENY_FILE"),
        ("tag2vec_worker", "TAG2VEC_WORKERS"),
        ("TAG2VEC_ORIGINS", "TAG2VEC_CORS_ORIGINS"),
        ("TAG2VEC_THREAD", "TAG2VEC_THREADS"),
        ("TAG2VEC_XYZ", None),
    ],
)
def test_names_that_mean_nothing(name: str, nearest: str | None) -> None:
    (sentence,) = unknown_variables([name, "HOME", "DENYFILE"])
    assert sentence.startswith(f"{name} ")
    assert f"did you mean {nearest}?" in sentence if nearest else "did you mean" not in sentence


def test_names_that_mean_something() -> None:
    settings = [f"TAG2VEC_{name.upper()}" for name in Settings.model_fields]
    elsewhere = ["tag2vec_queue", "TAG2VEC_THREADS", "TAG2VEC_DATA", "_TAG2VEC_COMPLETE"]
    kubernetes = ["TAG2VEC_SERVICE_HOST", "TAG2VEC_SERVICE_PORT_HTTP", "TAG2VEC_PORT_8000_TCP_ADDR"]
    assert list(unknown_variables([*settings, *elsewhere, *kubernetes])) == []
