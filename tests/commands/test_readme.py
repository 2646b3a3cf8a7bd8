"""The README says what is there, and all of it."""

import re
from pathlib import Path

from commands.main import app
from service.problems import Code
from service.settings import Settings
from tests.commands.conftest import Run

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_names_every_command_and_none_else() -> None:
    shown = set(re.findall(r"^(?:\.venv/bin/)?tag2vec (\w+)", README, flags=re.MULTILINE))
    assert shown == {getattr(command.callback, "__name__", None) for command in app.registered_commands}


def test_readme_names_only_targets_that_make_has() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, flags=re.MULTILINE))
    shown = set(re.findall(r"^make ([a-z-]+)", README, flags=re.MULTILINE))
    assert {"demo", "serve", "test", "check", "test-tools"} <= shown <= targets


def test_options_in_the_readme_exist(run: Run) -> None:
    for line in re.findall(r"^(?:\.venv/bin/)?tag2vec .*", README, flags=re.MULTILINE):
        _, command, *words = line.partition("#")[0].split()
        known = run(command, "--help").out
        assert all(word in known for word in words if word.startswith("--")), line


def test_every_error_code_with_its_status() -> None:
    shown = dict(re.findall(r"^\| `(\w+)` \| (\d{3}) \|", README, flags=re.MULTILINE))
    assert shown == {code.name: str(int(code.status)) for code in Code}


def test_every_setting_of_the_service() -> None:
    shown = re.findall(r"^\| `TAG2VEC_(\w+)` \|", README, flags=re.MULTILINE)
    assert [name.lower() for name in shown] == list(Settings.model_fields)


def test_files_that_are_linked_exist() -> None:
    linked = re.findall(r"\]\(([\w./]+)\)", README)
    assert {"LICENSE", "docs/design.md"} <= set(linked)
    missing = [link for link in linked if not (ROOT / link).exists()]
    assert missing == []


def test_no_gap_is_left() -> None:
    assert "@@" not in README
