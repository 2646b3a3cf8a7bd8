"""A model as its operator made it: learnt from posts with dates, with a deny list of the operator's own."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from models.bundle import Bundle
from models.bundle.files import MANIFEST
from models.checksum import file_sha256
from models.tags.languages import Languages
from models.tags.stemming import stem
from models.tags.trends import TRENDS_FILE, Trends
from tests.service.conftest import Serve
from tests.service.middleware.test_authentication import reload
from tests.service.running import Running


@pytest.fixture(scope="module")
def dated(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle that ships, with weeks in which its tags were used, the later ones ever more, and with languages.

    Every other stem is English.
    """
    folder = tmp_path_factory.mktemp("dated") / "bundle"
    shutil.copytree(bundle, folder)
    stems = len(Bundle.open(folder).tagspace())
    counts = np.stack([np.full(stems, 10), np.arange(stems) % 100], axis=1).astype(np.int32)
    english = (np.arange(stems) % 2)[:, None]
    languages = Languages.of(["en", "vi"], np.array([0.5, 0.5]), np.hstack([english, 1 - english]))
    files = [Trends(np.array([1, 8]), np.array([10_000, 10_000]), counts).save(folder), languages.save(folder)]
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    for file in files:
        manifest["files"][file.name] = {"sha256": file_sha256(file), "bytes": file.stat().st_size}
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    return folder


@pytest.fixture
def undated(bundle: Path, tmp_path: Path) -> Path:
    """The bundle that ships, as if its posts had no dates."""
    folder = tmp_path / "bundle"
    shutil.copytree(bundle, folder)
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    del manifest["files"][TRENDS_FILE]
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def operated(start: Serve, dated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    deny_file = tmp_path_factory.mktemp("denied") / "denied.txt"
    deny_file.write_text("# ours\ngolf *skateboard*\n")
    with start(workers=1, bundle=dated, deny_file=deny_file) as server:
        yield server


def test_what_has_grown_most_comes_first(operated: Running, dated: Path, clip: bytes) -> None:
    suggester = Bundle.open(dated).suggester()
    assert suggester.trends is not None
    answer = operated.suggest(clip, rank="trending")
    assert answer.status_code == 200
    rows = [suggester.space.row(stem(found["tag"])) for found in answer.json()["hashtags"]]
    growth = suggester.trends.growth[rows].tolist()
    assert len(growth) == 15
    assert growth == sorted(growth, reverse=True)
    model = operated.client.get("/v1/info").json()["model"]
    assert model["ranks"] == ["similar", "popular", "trending"]
    assert model["trends"] == {"newest_post": "0001-01-14"}
    assert [one for one in answer.json()["warnings"] if "newest post behind the trends is of 0001-01-14" in one]
    assert not [one for one in operated.suggest(clip).json()["warnings"] if "newest post" in one]


def test_only_tags_of_a_language_that_is_known(operated: Running, dated: Path, clip: bytes) -> None:
    assert operated.client.get("/v1/info").json()["model"]["languages"] == ["en", "vi"]
    space = Bundle.open(dated).tagspace()
    answer = operated.suggest(clip, language="en", k=50).json()["hashtags"]
    assert len(answer) == 50
    assert {space.row(stem(found["tag"])) % 2 for found in answer} == {1}
    assert operated.suggest(clip, language="EN", k=50).json()["hashtags"] == answer
    for refused, where in (
        (operated.suggest(clip, language="fr"), "query.language"),
        (operated.suggest(clip, language="french"), "query.language"),
        (operated.client.post("/v1/hashtags", files={"file": clip}, data={"language": "fr"}), "body.language"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
        assert refused.json()["errors"][0]["where"] == where
        assert "Known languages: en, vi." in refused.json()["detail"]


def test_without_dates_trending_is_refused(start: Serve, undated: Path, clip: bytes) -> None:
    with start(workers=1, bundle=undated) as server:
        refused = server.suggest(clip, rank="trending")
        assert (refused.status_code, refused.json()["code"]) == (422, "no_dates")
        model = server.client.get("/v1/info").json()["model"]
        assert (model["ranks"], model["trends"]) == (["similar", "popular"], None)


def test_hints_are_parameters_of_query_and_form(server: Running, clip: bytes) -> None:
    query = server.suggest(clip, hint="yoga,unheard of", k=50).json()
    form = server.client.post(
        "/v1/hashtags", files={"file": clip}, data={"hint": ["#Yoga", "unheard of"], "k": "50"}
    ).json()
    assert query["hashtags"] == form["hashtags"]
    assert "yoga" not in {stem(found["tag"]) for found in query["hashtags"]}
    assert [one for one in query["warnings"] if "#unheardof" in one]
    assert not [one for one in query["warnings"] if "#yoga" in one]


def test_what_the_operator_denies_is_gone_whatever_is_allowed(server: Running, operated: Running, clip: bytes) -> None:
    allow = ["golf", "Golfing", "skateboarding", "skateboarder", "yoga"]
    assert {found["tag"] for found in server.suggest(clip, allow=allow).json()["hashtags"]} > {"yoga"}
    assert [found["tag"] for found in operated.suggest(clip, allow=allow).json()["hashtags"]] == ["yoga"]
    for tag in ("golf", "golfs", "skateboarding"):
        refused = operated.client.get(f"/v1/tags/{tag}/neighbours")
        assert (refused.status_code, refused.json()["code"]) == (404, "unknown_tag")
    near = operated.client.get("/v1/tags/skate/neighbours", params={"k": 50}).json()["neighbours"]
    assert not [found["tag"] for found in near if "skateboard" in found["tag"]]


def test_newer_trends_are_read_again(start: Serve, bundle: Path, tmp_path: Path) -> None:
    opened = Bundle.open(bundle)
    counts = np.zeros((len(opened.tagspace()), 2), np.int64)
    counts[::2, 1] = 5

    def write(week: int) -> None:
        trends = Trends(np.array([week, week + 7]), np.array([10_000, 10_000]), counts)
        trends.write(tmp_path / "trends.safetensors", opened.tags_sha256)

    def newest() -> str:
        return str(server.client.get("/v1/info").json()["model"]["trends"]["newest_post"])

    write(1)
    with start(workers=1, trends_file=tmp_path / "trends.safetensors") as server:
        assert newest() == "0001-01-14"
        write(8)
        reload(server, "ok")
        assert newest() == "0001-01-21"
        (tmp_path / "trends.safetensors").write_text("nothing of the kind")
        reload(server, "failed")
        assert newest() == "0001-01-21"
