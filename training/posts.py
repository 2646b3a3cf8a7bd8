"""Posts as users wrote them, lists of tags, read one at a time from the usual kinds of file.

=================== ==========================================================================================
``.jsonl``          one JSON object a line with ``tags``, a list of strings, and optionally ``date`` and ``source``
``.csv``            a table with a header; the column ``tags`` or ``hashtags`` has the tags, separated by spaces or
                    commas; the columns ``date`` and ``source`` are optional
``.txt``            one post a line, its tags separated by spaces
=================== ==========================================================================================

Each may be gzipped (``.jsonl.gz``). All are text in UTF-8. Dates are in ISO 8601, with or without a time.
"""

import csv
import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from models.errors import Tag2VecError

COLUMNS = ("tags", "hashtags")

Lines = Iterator[tuple[int, str]]


class PostsError(Tag2VecError):
    """A file of posts cannot be used; the message names file, line and reason."""


class Post(NamedTuple):
    """A post: its tags as written, its day and its source, if they are known."""

    tags: list[str]
    day: date | None = None
    source: str = ""


def read_posts(path: Path) -> Iterator[Post]:
    """Read the posts of a file, one at a time.

    Raises
    ------
    PostsError
        If the file cannot be read, is of an unknown kind, or a line of it is invalid.
    """
    suffixes = [suffix for suffix in path.suffixes if suffix != ".gz"]
    reader = _READERS.get(suffixes[-1].lower() if suffixes else "")
    if reader is None:
        raise PostsError(f"{path}: posts are read from {', '.join(_READERS)} files, which may be gzipped (.gz)")
    yield from reader(path, _lines(path))


def _lines(path: Path) -> Lines:
    number = 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            for line in file:
                number += 1
                yield number, line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise PostsError(f"{path}, line {number}: not text in UTF-8: {error}") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise PostsError(f"{path}, after line {number}: the gzip file is damaged or truncated: {error}") from error
    except OSError as error:
        raise PostsError(f"{path}: cannot be read: {error}") from error


def _read_jsonl(path: Path, lines: Lines) -> Iterator[Post]:
    for number, line in lines:
        if not line.strip():
            continue
        try:
            post = json.loads(line)
            tags, when, source = post["tags"], post.get("date"), post.get("source") or ""
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise PostsError(f'{path}, line {number}: not a JSON object with "tags": {error!r}') from error
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise PostsError(f'{path}, line {number}: "tags" must be a list of strings')
        if not isinstance(source, str):
            raise PostsError(f'{path}, line {number}: "source" must be a string')
        yield Post(tags, _date(when, path, number), source)


def _read_csv(path: Path, lines: Lines) -> Iterator[Post]:
    rows = csv.reader((line for _, line in lines), strict=True)
    try:
        header = [name.strip().lower() for name in next(rows, [])]
        column = next((header.index(name) for name in COLUMNS if name in header), None)
        dated, sourced = (header.index(name) if name in header else None for name in ("date", "source"))
        if column is None:
            raise PostsError(f"{path}, line 1: the header needs a column called {' or '.join(COLUMNS)}")
        for row in rows:
            if not row:
                continue
            if len(row) != len(header):
                raise PostsError(f"{path}, line {rows.line_num}: {len(row)} columns, but the header has {len(header)}")
            tags = [tag for tag in re.split(r"[\s,]+", row[column]) if tag]
            day = _date(row[dated].strip() or None, path, rows.line_num) if dated is not None else None
            yield Post(tags, day, row[sourced].strip() if sourced is not None else "")
    except csv.Error as error:
        raise PostsError(f"{path}, line {rows.line_num}: not CSV: {error}") from error


def _read_text(_: Path, lines: Lines) -> Iterator[Post]:
    for _number, line in lines:
        if line.strip():
            yield Post(line.split())


def _date(value: object, path: Path, number: int) -> date | None:
    try:
        return None if value is None else datetime.fromisoformat(value).date()  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise PostsError(f"{path}, line {number}: the date {value!r} is not in ISO 8601 (2016-12-18)") from error


_READERS: dict[str, Callable[[Path, Lines], Iterator[Post]]] = {
    ".jsonl": _read_jsonl,
    ".csv": _read_csv,
    ".txt": _read_text,
}
