"""The map as data; `tests.service.web` looks at the page."""

from pathlib import Path

from models.bundle import Bundle
from service.api import schemas
from tests.service.running import Running


def test_every_tag_that_may_be_suggested_has_a_place(server: Running, bundle: Path) -> None:
    answer = server.client.get("/v1/map")
    found = schemas.Map.model_validate(answer.json())
    suggester = Bundle.open(bundle).suggester()
    assert suggester.tag_map is not None
    denied = {
        display
        for stem, display in zip(suggester.space.stems, suggester.space.displays, strict=True)
        if suggester.denies(stem)
    }
    assert denied
    assert set(found.tags) == set(suggester.space.displays) - denied
    assert len(found.tags) == len(found.x) == len(found.y) == len(found.posts) == len(found.region)
    assert found.posts == sorted(found.posts, reverse=True)
    row = suggester.space.displays.index(found.tags[7])
    assert [found.x[7], found.y[7]] == suggester.tag_map.places[row].tolist()
    assert not denied & {tag for region in found.regions for tag in region.name.split(" · ")}


def test_it_is_sent_once(server: Running) -> None:
    first = server.client.get("/v1/map")
    assert first.headers["content-encoding"] == "gzip"
    assert server.client.get("/v1/map", headers={"If-None-Match": first.headers["etag"]}).status_code == 304


def test_a_clip_has_its_place_on_it(server: Running, clip: bytes) -> None:
    place = schemas.Hashtags.model_validate(server.suggest(clip).json()).place
    assert place is not None
    found = server.client.get("/v1/map").json()
    assert min(found["x"]) <= place.x <= max(found["x"])
    assert server.client.get("/v1/info").json()["model"]["map"] is True
