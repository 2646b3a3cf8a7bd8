"""The clips of a run: those in a folder or under a prefix, or those of a listing."""

import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet as pq

from batch.storage import Place
from models.errors import Tag2VecError

COLUMN: Final = "path"

_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    ".csv": lambda file: pa.csv.read_csv(file, convert_options=_only(pa.csv)),
    ".tsv": lambda file: pa.csv.read_csv(
        file, parse_options=pa.csv.ParseOptions(delimiter="\t"), convert_options=_only(pa.csv)
    ),
    ".parquet": lambda file: pq.read_table(file, columns=[COLUMN]),
    ".jsonl": pa.json.read_json,
    ".ndjson": pa.json.read_json,
}


def _only(csv: Any) -> Any:
    # As text: names such as 0012 are not numbers.
    return csv.ConvertOptions(include_columns=[COLUMN], column_types={COLUMN: pa.string()})


class SourceError(Tag2VecError):
    """The clips of a run cannot be listed."""


@dataclass(frozen=True)
class Source:
    """The clips of a run.

    Attributes
    ----------
    root : Place
        Folder that relative paths are relative to.
    paths : list of str
        Relative to `root`, or absolute paths and URIs, in order.
    listed : bool
        Whether they are those of a listing, not all files below `root`.
    """

    root: Place
    paths: list[str]
    listed: bool


def read_source(name: str) -> Source:
    """List the files of a folder or prefix, sorted by path, or read a listing, whose order is kept.

    All files count but hidden ones, whose name or whose folder's begins with a dot: what is not a clip, or is a
    dangling link, gets a row that says so. A listing is a file whose name ends in .csv, .tsv, .parquet, .jsonl or
    .ndjson, with a column `path`.

    Raises
    ------
    SourceError
        If nothing is found, a listing cannot be used, or it lists a clip twice.
    """
    place = Place(name)
    if place.is_file():
        source = Source(place.parent, _read_listing(name, place), listed=True)
    else:
        if not place.is_folder():
            raise SourceError(f"{name} does not exist: name a folder, a listing, or the URI of one.")
        paths = place.files(recursive=True)
        shown = [path for path in paths if not any(part[0] == "." for part in path.split("/"))]
        source = Source(place, shown, listed=False)
    if not source.paths:
        raise SourceError(f"there are no clips in {name}.")
    if odd := next((path for path in source.paths if path.encode(errors="ignore").decode() != path), None):
        raise SourceError(f"{name} has a file whose name is not UTF-8, {os.fsencode(odd)!r}: rename it.")
    if twice := next((path for path, count in Counter(source.paths).items() if count > 1), None):
        raise SourceError(f"{name} lists {twice} twice: remove one of the lines.")
    return source


def _read_listing(name: str, place: Place) -> list[str]:
    suffix = PurePosixPath(name.partition("?")[0]).suffix.lower()
    if suffix not in _READERS:
        raise SourceError(
            f"{name} is neither a folder nor a listing (which ends in {', '.join(_READERS)}). For a single clip, use "
            "tag2vec suggest."
        )
    try:
        with place.open() as file:
            table = _READERS[suffix](file)
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise SourceError(f"{name} cannot be read as a listing with a column {COLUMN!r}: {error}") from None
    if COLUMN not in table.column_names or not pa.types.is_string(kind := table.schema.field(COLUMN).type):
        found = f"its type is {kind}" if COLUMN in table.column_names else f"found {', '.join(table.column_names)}"
        raise SourceError(f"{name} needs a text column {COLUMN!r}; {found}.")
    paths: list[str | None] = table.column(COLUMN).to_pylist()
    for number, path in enumerate(paths, 1):
        if not path:
            raise SourceError(f"{name}: row {number} has no {COLUMN}.")
    return [path for path in paths if path]
