"""Kinds of tags that are held back: no picture can tell them, or they do harm where they are wrong."""

from collections.abc import ItemsView, Mapping
from pathlib import Path
from typing import Final, Literal, Self, get_args

from models.errors import Tag2VecError
from models.tags.stemming import normalise, stem

Kind = Literal[
    "politics",
    "violence",
    "alcohol",
    "sex",
    "label",
    "person",
    "team",
    "show",
    "brand",
    "place",
    "date",
    "platform",
    "foreign",
    "obscure",
]

NEVER: Final[frozenset[Kind]] = frozenset({"politics", "sex"})
"""Kinds that are never suggested."""

SENSITIVE: Final[frozenset[Kind]] = frozenset({"violence", "alcohol"})
"""Kinds that are suggested only for clips that are surely of them."""

SURE: Final = 0.7
"""Weight of the anchors of a sensitive kind from which a clip is surely of it."""


class TagKinds:
    """The kinds of tags, by stem. Tags without a kind are ordinary.

    Parameters
    ----------
    kinds : mapping of str to Kind
        The kind of each stem that has one.
    """

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = dict(kinds)

    @classmethod
    def read(cls, *files: Path) -> Self:
        """Read UTF-8 files with a tag, a tab and its kind on each line; other lines that start with ``#`` are comments.

        Where tags of the same stem have several kinds, the last one counts.

        Raises
        ------
        Tag2VecError
            If a file cannot be read or a line is malformed; the message says which.
        """
        kinds: dict[str, Kind] = {}
        for file in files:
            try:
                lines = file.read_text(encoding="utf-8").splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise Tag2VecError(f"{file}: cannot be read as kinds of tags: {error}") from error
            for number, line in enumerate(lines, 1):
                tag, tab, name = line.partition("\t")
                if not line.strip() or (line.startswith("#") and not tab):
                    continue
                kind = next((kind for kind in get_args(Kind) if kind == name.strip()), None)
                if kind is None or not normalise(tag):
                    raise Tag2VecError(
                        f"{file}, line {number}: expected a tag, a tab and one of {', '.join(get_args(Kind))}; "
                        f"found {line!r}"
                    )
                kinds[stem(normalise(tag))] = kind
        return cls(kinds)

    def items(self) -> ItemsView[str, Kind]:
        """Return the stems that have a kind, each with it."""
        return self._kinds.items()

    def kind(self, name: str) -> Kind | None:
        """Return the kind of a stem, None if it is ordinary."""
        return self._kinds.get(name)

    def never(self, name: str) -> bool:
        """Return whether a stem is never suggested."""
        return self.kind(name) in NEVER

    def sensitive(self, name: str) -> bool:
        """Return whether a stem is suggested only for clips that are surely of its kind."""
        return self.kind(name) in SENSITIVE

    def held_back(self, name: str) -> bool:
        """Return whether a stem is suggested only to those who ask for it."""
        kind = self.kind(name)
        return kind is not None and kind not in NEVER | SENSITIVE
