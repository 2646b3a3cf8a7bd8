"""The documents of the project, and what stands in them: links, headings, code blocks, commands, tables."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "findings").glob("*.md")])

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_ASSIGNMENT = re.compile(r"[A-Z][A-Z0-9_]*=")


@dataclass(frozen=True)
class Command:
    """A command of a document's shell block: the variables set for it, the program, its arguments."""

    document: str
    variables: tuple[str, ...]
    program: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.document}: {self.program} {' '.join(self.arguments)}"


def name(document: Path) -> str:
    """Return a document's path below the project's root."""
    return document.relative_to(ROOT).as_posix()


@cache
def text(document: Path) -> str:
    """Return a document."""
    return document.read_text(encoding="utf-8")


def prose(document: Path) -> str:
    """Return a document without its code blocks."""
    return _BLOCK.sub("", text(document))


def links(document: Path) -> list[str]:
    """Return the targets of a document's links and pictures."""
    return _LINK.findall(prose(document))


def anchors(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub and GitLab make them."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def blocks(document: Path, language: str) -> list[str]:
    """Return a document's code blocks of one language."""
    return [content for found, content in _BLOCK.findall(text(document)) if found == language]


def rows(document: Path, heading: str) -> list[list[str]]:
    """Return the cells of the tables below a heading and above the next one, without their header lines."""
    section = re.split(rf"^#+ {re.escape(heading)}$", prose(document), flags=re.MULTILINE)[1]
    lines = re.split(r"^#+ ", section, flags=re.MULTILINE)[0].splitlines()
    tables = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    rules = [number for number, cells in enumerate(tables) if set("".join(cells)) <= set("-: ")]
    return [cells for number, cells in enumerate(tables) if number not in rules and number + 1 not in rules]


def commands(document: Path) -> Iterator[Command]:
    """Yield the commands of a document's shell blocks."""
    for block in blocks(document, "sh"):
        for line in block.splitlines():
            for part in re.split(r" && | \| ", line):
                words = shlex.split(part, comments=True)
                if words[:1] == ["export"]:
                    words = words[1:]
                variables = []
                while words and _ASSIGNMENT.match(words[0]):
                    variables.append(words.pop(0))
                if words:
                    program, *arguments = words
                    yield Command(name(document), tuple(variables), program, tuple(arguments))


def all_commands(program: str) -> list[Command]:
    """Return every command of one program in any document."""
    return [command for document in DOCUMENTS for command in commands(document) if command.program == program]
