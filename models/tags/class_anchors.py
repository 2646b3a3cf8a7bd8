"""Class anchors: the tags that the classes of an image network mean, whatever the embedding was trained on.

An image-text network has no classes of its own: each tag that has a vector (`models.tags.tag_vectors`) is one.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.errors import BundleError
from models.tags.anchors import Anchors
from models.tags.space import TagSpace
from models.tags.stemming import normalise, stem
from models.tags.tag_vectors import TagVectors

COLUMNS: Final = ("class", "synset", "name", "kind", "tags")

PRIOR_POWER = 0.3
"""How far the number of classes of a kind counts against each of them: ImageNet has 118 classes of dogs and one of
horses, so that whatever is hard to make out becomes a dog."""

LEAST = 1e-4
"""Weight below which a tag is not an anchor."""


@dataclass(frozen=True)
class ImageClass:
    """A class of an image network.

    Attributes
    ----------
    name : str
        For people.
    kind : str
        Kind of thing, which classes share.
    tags : tuple of str
        Normalised; the first names the thing, the others go with it. Empty: nothing that people tag.
    """

    name: str
    kind: str
    tags: tuple[str, ...]


def read_classes(file: Path) -> list[ImageClass]:
    """Read classes in the order of the network's output, from tab-separated `COLUMNS`.

    Raises
    ------
    BundleError
        If the file cannot be read, lacks a column, or does not number the classes from 0.
    """
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            reader = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE, restval="")
            columns, rows = reader.fieldnames or (), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BundleError(f"{file}: cannot be read as a table of classes: {error}.") from error
    if missing := set(COLUMNS) - set(columns):
        raise BundleError(f"{file}: lacks the columns {', '.join(sorted(missing))}. It needs {', '.join(COLUMNS)}.")
    for number, row in enumerate(rows):
        if row["class"] != str(number):
            raise BundleError(f"{file}, line {number + 2}: class {row['class']!r} stands where class {number} belongs.")
    return [
        ImageClass(row["name"], row["kind"], tuple(filter(None, map(normalise, row["tags"].split())))) for row in rows
    ]


def classes_of(tags: Iterable[str]) -> list[ImageClass]:
    """Return a class for each tag, as typed, in their order. Tags that share a stem are of one kind."""
    named = [(tag, normalise(tag)) for tag in tags]
    return [ImageClass(tag, stem(normal), (normal,) if normal else ()) for tag, normal in named]


def classes_from(table: Path | None, tag_vectors: Path | None) -> list[ImageClass]:
    """Return the classes of a table, or of tags with vectors; none without either. Raises BundleError."""
    if table is not None:
        return read_classes(table)
    return classes_of(TagVectors.read(tag_vectors).tags) if tag_vectors is not None else []


class ClassAnchors:
    """Turns the class probabilities of an image network into anchors of a tag space.

    The probability of a class is shared among its tags that the space has, as 1, 1/2, 1/3 ...: the first of these names
    what is seen, the others go with it. A class without such tags is of nothing that people tag, so its probability is
    lost.

    Parameters
    ----------
    classes : sequence of ImageClass
        In the order of the network's output. None, for a network without: they anchor nothing.
    space : TagSpace

    Attributes
    ----------
    names : list of str
        Of the classes, for people.
    """

    def __init__(self, classes: Sequence[ImageClass], space: TagSpace) -> None:
        self.names = [one.name for one in classes]
        sizes = Counter(one.kind for one in classes)
        self._prior = np.array([sizes[one.kind] for one in classes], np.float64) ** PRIOR_POWER
        number_of = {kind: number for number, kind in enumerate(sizes)}
        self._kinds = np.array([number_of[one.kind] for one in classes], np.int64)
        known = [list(dict.fromkeys(stem(tag) for tag in one.tags if stem(tag) in space.stems)) for one in classes]
        self._tagged = np.array([bool(names) for names in known])
        self._of_class = np.array([number for number, names in enumerate(known) for _ in names], np.int64)
        self._shares = np.concatenate([np.zeros(0), *(_harmonic(len(names)) for names in known)])
        self._names = np.array([place == 0 for names in known for place, _ in enumerate(names)], np.bool_)
        rows = np.array([space.row(name) for names in known for name in names], np.int64)
        self._rows, self._place = np.unique(rows, return_inverse=True)

    def __len__(self) -> int:
        return len(self._kinds)

    def anchors(self, probabilities: ArrayLike) -> Anchors:
        """Return the tags of the likely classes.

        Parameters
        ----------
        probabilities : array_like of float, (classes,)

        Raises
        ------
        ValueError
            If there are not as many probabilities as classes, or they are no probabilities.
        """
        entries = self._corrected(probabilities)[self._of_class]
        weights, naming = (
            np.bincount(self._place, entries * part, len(self._rows)).astype(np.float64)
            for part in (self._shares, np.where(self._names, 1, self._shares))
        )
        likely = weights >= LEAST
        return Anchors(self._rows[likely], weights[likely], naming[likely])

    def rows(self, number: int) -> list[int]:
        """Return the rows of the tags of a class."""
        rows: list[int] = self._rows[self._place[self._of_class == number]].tolist()
        return rows

    def parts(self, probabilities: ArrayLike) -> tuple[NDArray[np.int64], Anchors]:
        """Return the anchors apart by the class that they come from, and these classes; rows repeat.

        Parameters and errors are those of `anchors`.
        """
        entries = self._corrected(probabilities)[self._of_class]
        likely = np.bincount(self._place, entries * self._shares, len(self._rows)) >= LEAST
        some = likely[self._place] & (entries > 0)
        weights, naming = entries * self._shares, entries * np.where(self._names, 1, self._shares)
        return self._of_class[some], Anchors(self._rows[self._place[some]], weights[some], naming[some])

    def certainty(self, probabilities: ArrayLike) -> float:
        """Return how likely the pictures are of the likeliest kind of thing, 0 to 1; classes without tags do not count.

        Parameters and errors are those of `anchors`.
        """
        tagged = self._corrected(probabilities) * self._tagged
        return min(float(np.bincount(self._kinds, tagged, 1).max()), 1.0)

    def _corrected(self, probabilities: ArrayLike) -> NDArray[np.float64]:
        """Return the probabilities as if kinds with many classes were no likelier than others, with the same sum."""
        given = np.asarray(probabilities, np.float64)
        if given.shape != self._kinds.shape or not (np.isfinite(given) & (given >= 0)).all():
            raise ValueError(
                f"expected probabilities of {len(self._kinds)} classes; found an array of shape {given.shape}"
            )
        corrected: NDArray[np.float64] = given / self._prior
        corrected *= given.sum() / max(float(corrected.sum()), np.finfo(np.float64).tiny)
        return corrected


def _harmonic(count: int) -> NDArray[np.float64]:
    """Return shares that fall as 1, 1/2, 1/3 ... and sum to one."""
    shares = 1 / np.arange(1, count + 1, dtype=np.float64)
    return shares / shares.sum() if count else shares
