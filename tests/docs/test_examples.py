"""The examples of the documents, run as they stand against a real service."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from models.answers import ModelInfo, Neighbours
from models.bundle import SHIPPED, Bundle
from service.api import schemas
from service.problems import ProblemDocument
from tests.clips import write
from tests.docs.documents import ROOT, Command, all_commands, blocks
from tests.service.running import Running, serve

pytestmark = pytest.mark.server

API = ROOT / "docs" / "api.md"
ADDRESS = "http://127.0.0.1:8000"
RUN_JS = """
import { openAsBlob } from "node:fs";
console.log(JSON.stringify(await suggest(await openAsBlob("clip.mp4"))));
await suggest(new Blob(["no clip"])).catch(({ code }) => console.log(code));
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("docs")
    with serve(folder, workers=1) as running:
        running.wait_until_ready()
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `clip.mp4` in it."""
    return write(tmp_path_factory.mktemp("clips") / "clip.mp4").parent


def run(folder: Path, *command: str) -> str:
    """Run a command in `folder` and return what it prints."""
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("command", all_commands("curl"), ids=str)
def test_curl(running: Running, folder: Path, command: Command) -> None:
    arguments = [word.replace(ADDRESS, running.address) for word in command.arguments]
    answer = json.loads(run(folder, "curl", "--silent", "--fail-with-body", *arguments))
    assert answer["model"]["name"] == "tag2vec" if "model" in answer else answer.keys() & {"platforms", "state"}


def test_python(running: Running, folder: Path) -> None:
    (example,) = blocks(API, "python")
    lines = run(folder, sys.executable, "-c", example.replace(ADDRESS, running.address)).splitlines()
    assert len(lines) == 5
    assert all(re.fullmatch(r"#\S+ [01]\.\d\d", line) for line in lines)


def test_javascript(running: Running, folder: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed")
    (example,) = blocks(API, "js")
    (folder / "example.mjs").write_text(example.replace(ADDRESS, running.address) + RUN_JS)
    answer, refusal = run(folder, node, "--no-warnings", "example.mjs").splitlines()
    assert [set(hashtag) for hashtag in json.loads(answer)] == 5 * [{"tag", "score"}]
    assert refusal == "not_a_video"


def documented() -> list[dict[str, Any]]:
    return [json.loads(block) for path in (API, ROOT / "README.md") for block in blocks(path, "json")]


def test_answers_have_todays_form() -> None:
    kinds: dict[str, type[BaseModel]] = {
        "hashtags": schemas.Hashtags,
        "neighbours": Neighbours,
        "regions": schemas.Map,
        "code": ProblemDocument,
        "state": schemas.RequestState,
    }
    answers = documented()
    assert len(answers) >= 4
    for answer in answers:
        (kind,) = kinds.keys() & answer.keys()
        kinds[kind].model_validate(answer)


def test_answers_are_of_the_bundle() -> None:
    models = [answer["model"] for answer in documented() if "model" in answer]
    assert len(models) == 4
    assert all(model == ModelInfo.of(Bundle.open(SHIPPED)).model_dump() for model in models)


def test_neighbours_are_todays(running: Running) -> None:
    (documented_answer,) = (answer for answer in documented() if "neighbours" in answer)
    answer = running.client.get("/v1/tags/yoga/neighbours", params={"k": 3}).json()
    assert answer["neighbours"] == documented_answer["neighbours"]
