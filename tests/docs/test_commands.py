"""Every command that a document shows exists, with its options."""

import importlib.util
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from commands.main import app
from service.app import create_app
from service.settings import Settings
from tests.docs.documents import DOCUMENTS, ROOT, Command, all_commands, commands, text

OTHERS = {"curl", "docker", "npm", "git", "kill", "kubectl", "ray", "serve", "touch"}
"""Programs of other people."""
CLI = typer.main.get_command(app)
VARIABLES = {"TAG2VEC_DATA", "TAG2VEC_THREADS"}
"""Variables that are no settings of the service: the training's and the tests' data, the number of processors."""


@pytest.mark.parametrize("command", all_commands("tag2vec"), ids=str)
def test_subcommands_and_options_exist(command: Command) -> None:
    context = typer.Context(CLI, info_name="tag2vec")
    words, current = list(command.arguments), CLI
    while words and hasattr(current, "get_command") and not words[0].startswith("-"):
        subcommand = current.get_command(context, words[0])
        assert subcommand is not None, words[0]
        current, words = subcommand, words[1:]
    known = {"--help", "-h"} | {
        option for parameter in current.params for option in [*parameter.opts, *parameter.secondary_opts]
    }
    options = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert options <= known


def test_every_subcommand_is_shown() -> None:
    shown = {command.arguments[0] for command in all_commands("tag2vec")}
    assert set(CLI.list_commands(typer.Context(CLI))) <= shown  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", all_commands("make"), ids=str)
def test_make_targets_and_variables_exist(command: Command) -> None:
    makefile = text(ROOT / "Makefile")
    for word in command.arguments:
        variable, assigned, _ = word.partition("=")
        pattern = rf"^{variable} \?=" if assigned else rf"^{word}:"
        assert re.search(pattern, makefile, re.MULTILINE), word


def test_every_target_is_shown() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*##", text(ROOT / "Makefile"), re.MULTILINE))
    shown = {command.arguments[0] for command in all_commands("make")}
    assert targets - {"lock", "clean"} <= shown


def test_extras_exist() -> None:
    project = tomllib.loads(text(ROOT / "pyproject.toml"))["project"]
    shown = {extra for document in DOCUMENTS for found in re.findall(r"(?:tag2vec|\.)\[([\w,]+)\]", text(document))
             for extra in found.split(",")}  # fmt: skip
    assert {"service", "survey"} <= shown <= set(project["optional-dependencies"])


def test_modules_that_are_run_exist() -> None:
    shown = {
        module
        for document in DOCUMENTS
        for module in re.findall(r"python -m ([a-z_]\w*(?:\.[a-z_]\w*)*)", text(document))
    }
    assert "benchmarks.accuracy" in shown
    for module in shown:
        assert importlib.util.find_spec(module), module


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_programs_are_known(document: Path) -> None:
    known = OTHERS | {"tag2vec", "make", "pip", "python"}
    programs = {command.program for command in commands(document)}
    assert [program for program in programs - known if not (ROOT / program).is_file()] == []


def test_variables_exist() -> None:
    known = {f"TAG2VEC_{field.upper()}" for field in Settings.model_fields} | VARIABLES
    for document in DOCUMENTS:
        assert set(re.findall(r"\bTAG2VEC_[A-Z_]+\b", text(document))) <= known


@pytest.mark.parametrize("command", all_commands("curl"), ids=str)
def test_addresses_are_in_the_description(command: Command) -> None:
    description: dict[str, Any] = create_app(Settings()).openapi()
    address, query = re.search(r"http://127\.0\.0\.1:8000(/[^?']*)\??(.*)", " ".join(command.arguments)).groups()  # type: ignore[union-attr]
    path = re.sub(r"/v1/tags/[^/]+/", "/v1/tags/{tag}/", address)
    path = re.sub(r"/v1/requests/.+", "/v1/requests/{request_id}", path)
    method = "post" if {"-F", "--data-binary"} & set(command.arguments) else "get"
    known = {parameter["name"] for parameter in description["paths"][path][method].get("parameters", [])}
    assert {one.partition("=")[0] for one in query.split("&") if one} <= known
