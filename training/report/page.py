"""The page: sections of text, pictures and tables, as one self-contained HTML file, and the pictures as PNG."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from models.atomic_write import atomic_write

PAGE = "report.html"


@dataclass(frozen=True)
class Picture:
    """A PNG, its file name without the suffix, and a description."""

    name: str
    png: bytes
    alt: str

    @property
    def uri(self) -> str:
        """The picture as a data URI."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


@dataclass(frozen=True)
class Table:
    """Columns and rows of text; with `numbers`, columns from the second on are right-aligned."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: bool = False


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes
    ----------
    title : str
        With the number that the paper gives it, if it is a figure or table of the paper.
    text : sequence of str
        Paragraphs that say what is shown and how to read it.
    notes : sequence of str
        What is missing, and caveats.
    """

    title: str
    text: Sequence[str]
    pictures: Sequence[Picture] = ()
    tables: Sequence[Table] = ()
    notes: Sequence[str] = field(default=())

    @property
    def key(self) -> str:
        """Anchor of the section."""
        return "".join(letter if letter.isalnum() else "-" for letter in self.title.lower())


def write_page(folder: Path, title: str, about: Sequence[str], sections: Sequence[Section]) -> Path:
    """Write the page and its pictures into a folder, which is created if needed; return the page's path."""
    environment = Environment(
        loader=PackageLoader("training.report"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    html = environment.get_template("page.html").render(title=title, about=about, sections=sections)
    folder.mkdir(parents=True, exist_ok=True)
    for section in sections:
        for picture in section.pictures:
            (folder / f"{picture.name}.png").write_bytes(picture.png)
    with atomic_write(folder / PAGE) as partial:
        partial.write_text(html, encoding="utf-8")
    return folder / PAGE
