"""The page: sections of text, pictures and tables, as one HTML file that needs no other, and the pictures as PNG."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from models.atomic_write import atomic_write

PAGE = "report.html"


@dataclass(frozen=True)
class Picture:
    """A PNG, the name of its file without the suffix, and what it shows in words."""

    name: str
    png: bytes
    alt: str

    @property
    def uri(self) -> str:
        """The picture as a data URI."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


@dataclass(frozen=True)
class Table:
    """Columns and rows of text; cells from the second column on are set to the right where they are `numbers`."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: bool = False


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes
    ----------
    title : str
        With the paper's own number where it is a figure or table of the paper.
    text : sequence of str
        Paragraphs: what is shown, and how to read it.
    notes : sequence of str
        What is missing or must be kept in mind.
    """

    title: str
    text: Sequence[str]
    pictures: Sequence[Picture] = ()
    tables: Sequence[Table] = ()
    notes: Sequence[str] = field(default=())

    @property
    def key(self) -> str:
        """Name of the section in addresses."""
        return "".join(letter if letter.isalnum() else "-" for letter in self.title.lower())


def write_page(folder: Path, title: str, about: Sequence[str], sections: Sequence[Section]) -> Path:
    """Write the page and its pictures into a folder, made if need be; return the page's path."""
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
