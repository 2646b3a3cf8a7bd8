"""The command line prints the very answers that the service gives."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Run
from tests.service.running import Running, serve

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def server(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serve(tmp_path_factory.mktemp("server"), bundle=bundle, workers=1) as running:
        running.wait_until_ready()
        yield running


@pytest.mark.parametrize("options", [{}, {"k": 3, "exclude": "golf"}, {"rank": "popular", "min_score": 0.2}])
def test_suggestions_are_those_of_http(
    server: Running, bundle: Path, clip: Path, run: Run, options: dict[str, Any]
) -> None:
    flags = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", value)]
    printed = json.loads(run("suggest", "--bundle", bundle, *flags, clip).out)
    answered = server.suggest(clip.read_bytes(), **options).json()
    assert printed.pop("clip") == str(clip)
    assert answered.pop("request_id")
    assert printed.pop("timings_ms").keys() == answered.pop("timings_ms").keys()
    assert printed == answered
    assert answered["hashtags"]


@pytest.mark.parametrize(
    ("arguments", "path", "query"),
    [
        (["golf"], "golf", {}),
        (["DogDance", "-k", 2], "DogDance", {"k": 2}),
        (["golf", "+", "dog", "-", "tennis"], "golf", {"plus": "dog", "minus": "tennis"}),
    ],
)
def test_neighbours_are_those_of_http(
    server: Running, bundle: Path, run: Run, arguments: list[object], path: str, query: dict[str, Any]
) -> None:
    printed = json.loads(run("neighbours", "--bundle", bundle, *arguments).out)
    assert printed == server.client.get(f"/v1/tags/{path}/neighbours", params=query).json()
