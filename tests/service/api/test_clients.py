"""Clients that others' programs generate from the OpenAPI description: clean, typed, and at work on a real server."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import foreign
from tests.service.running import Running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]  # packages are fetched, the first time on a machine

PYTHON_CLIENT = """
import io
import sys

from client import Client
from client.api.hashtags import get_request, suggest_hashtags
from client.api.service import get_info
from client.api.tags import complete_tags, find_neighbours, list_platforms
from client.models import (
    HashtagsAnswer,
    HashtagsForm,
    HashtagsFormPlatform,
    HashtagsFormRank,
    Info,
    NeighboursAnswer,
    PlatformsAnswer,
    ProblemDocument,
    ProblemDocumentCode,
    RequestState,
    RequestStateState,
    SuggestHashtagsRank,
    TagsAnswer,
)
from client.types import File


def post(client: Client, clip: bytes, form: HashtagsForm) -> HashtagsAnswer:
    answer = suggest_hashtags.sync(client=client, body=form)
    assert isinstance(answer, HashtagsAnswer), answer
    return answer


with Client(base_url=sys.argv[1], timeout=None, headers={"X-Request-ID": "generated"}) as client:
    clip = sys.stdin.buffer.read()
    form = HashtagsForm(file=File(io.BytesIO(clip), file_name="clip.mp4"))
    tags: list[str] = [hashtag.tag for hashtag in post(client, clip, form).hashtags]
    assert len(tags) == 15
    form = HashtagsForm(
        file=File(io.BytesIO(clip), file_name="clip.mp4"),
        k=3,
        exclude=tags[:2],
        rank=HashtagsFormRank.POPULAR,
        platform=HashtagsFormPlatform.MASTODON,
        start=0.1,
        end=0.9,
    )
    few = post(client, clip, form)
    assert len(few.hashtags) == 3 and not {hashtag.tag for hashtag in few.hashtags} & set(tags[:2])
    assert few.video.start_s == 0.1

    body = suggest_hashtags.sync(client=client, body=File(io.BytesIO(clip)), k=2, rank=SuggestHashtagsRank.SIMILAR)
    assert isinstance(body, HashtagsAnswer) and len(body.hashtags) == 2

    problem = suggest_hashtags.sync(client=client, body=HashtagsForm(file=File(io.BytesIO(b"no clip"))))
    assert isinstance(problem, ProblemDocument)
    assert problem.code == ProblemDocumentCode.NOT_A_VIDEO and problem.status == 415
    wrong = suggest_hashtags.sync(client=client, body=File(io.BytesIO(clip)), k=99)
    assert isinstance(wrong, ProblemDocument) and wrong.errors
    where: str = wrong.errors[0].where
    assert where == "query.k"

    state = get_request.sync("generated", client=client)
    assert isinstance(state, RequestState) and state.state == RequestStateState.DONE
    near = find_neighbours.sync("yoga", client=client, k=2)
    assert isinstance(near, NeighboursAnswer) and len(near.neighbours) == 2
    completed = complete_tags.sync(client=client, prefix="bea")
    assert isinstance(completed, TagsAnswer) and completed.tags[0].posts > 0
    rules = list_platforms.sync(client=client)
    assert isinstance(rules, PlatformsAnswer) and rules.platforms[0].most_tags == 5
    info = get_info.sync(client=client)
    assert isinstance(info, Info) and info.limits.max_hashtags == 50
"""

TYPESCRIPT = """
import fs from "node:fs";
import openapiTS, {astToString} from "openapi-typescript";
import ts from "typescript";
import {text} from "node:stream/consumers";
// The recipe of openapi-typescript for binary strings.
const blob = ts.factory.createTypeReferenceNode(ts.factory.createIdentifier("Blob"));
const types = await openapiTS(JSON.parse(await text(process.stdin)), {
  transform: schema => (schema.format === "binary" ? blob : undefined),
});
fs.writeFileSync(process.argv[2], astToString(types));
"""
TYPED_PAGE = """
import type {components, operations} from "./schema";
type Form = operations["suggest_hashtags"]["requestBody"]["content"]["multipart/form-data"];
type Answer = operations["suggest_hashtags"]["responses"][200]["content"]["application/json"];
type Problem = operations["suggest_hashtags"]["responses"][415]["content"]["application/problem+json"];
const form: Form = {file: new Blob(["..."]), k: 3, rank: "popular", platform: "threads", start: 1, end: 2.5};
// @ts-expect-error: a text is no clip
const wrong: Form = {...form, file: "clip.mp4"};
// @ts-expect-error: there is no such order
const unordered: Form = {...form, rank: "best"};
export function show(answer: Answer): string[] {
  const first: number = answer.hashtags[0]?.score ?? 0;
  return [String(first), ...answer.hashtags.map(hashtag => hashtag.tag)];
}
export const kind = (problem: Problem): "not_a_video" | undefined =>
  problem.code === "not_a_video" ? problem.code : undefined;
export type Place = components["schemas"]["RequestState"]["place"];
export const used = [wrong, unordered];
"""


def test_python_client(server: Running, clip: bytes, tmp_path: Path) -> None:
    packages = foreign.pypi("openapi-python-client==0.29.1")
    (tmp_path / "openapi.json").write_text(server.client.get("/openapi.json").text)
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PYTHONPATH": str(packages), "PATH": programs}
    options = ["--path", "openapi.json", "--output-path", "client", "--meta", "none", "--fail-on-warning"]
    generate = [sys.executable, "-m", "openapi_python_client", "generate", *options]
    done = subprocess.run(generate, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "program.py").write_text(PYTHON_CLIENT)
    check = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--cache-dir=.mypy_cache"]
    for name in ("attr", "attrs"):  # all of it that this environment lacks
        (tmp_path / "path").mkdir(exist_ok=True)
        (tmp_path / "path" / name).symlink_to(packages / name)
    environment["MYPYPATH"] = "path"
    checked = [*check, "program.py", "client/api", "client/models"]
    done = subprocess.run(checked, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert not re.search(r"^(client|program)", done.stdout, re.MULTILINE), done.stdout
    assert done.returncode in (0, 1), done.stderr  # those in attrs are not ours
    run = [sys.executable, "program.py", server.address]
    ended = subprocess.run(run, cwd=tmp_path, env=environment, input=clip, capture_output=True)
    assert ended.returncode == 0, ended.stderr.decode()[-3000:]


def test_typescript_types(server: Running, tmp_path: Path) -> None:
    folder = foreign.npm("openapi-typescript@7.13.0", "typescript@5.9.3")
    (tmp_path / "node_modules").symlink_to(folder / "node_modules")
    (tmp_path / "generate.mjs").write_text(TYPESCRIPT)
    (tmp_path / "page.ts").write_text(TYPED_PAGE)
    foreign.node(tmp_path, "generate.mjs", "schema.ts", given=server.client.get("/openapi.json").json())
    compile_ = ["--strict", "--noEmit", "--exactOptionalPropertyTypes", "--lib", "es2022,dom", "--skipLibCheck"]
    foreign.node(tmp_path, "node_modules/typescript/bin/tsc", *compile_, "page.ts")


def test_operations_are_named_grouped_and_explained(server: Running) -> None:
    description = server.client.get("/openapi.json").json()
    operations = [one for path in description["paths"].values() for one in path.values()]
    named = {one["operationId"]: one for one in operations}
    assert set(named) >= {
        "suggest_hashtags", "find_neighbours", "complete_tags", "list_platforms", "get_info", "get_request",
    }  # fmt: skip
    groups = {group["name"] for group in description["tags"]}
    for name, operation in named.items():
        assert name == name.lower().replace("-", "_")
        assert "_v1_" not in name
        assert operation["summary"]
        assert operation["description"]
        assert set(operation["tags"]) <= groups
        assert operation["tags"]
    form = json.dumps(description["components"]["schemas"]["HashtagsForm"])
    assert not re.search(r"null|\"default\"", form)
