"""Posts as their users wrote them: lists of tags, read one after the other from the usual kinds of file.

=================== ==========================================================================================
``.jsonl``          one JSON object a line, its tags a list of strings under ``tags``
``.csv``            a table with a header; the column ``tags`` or ``hashtags`` holds them, between spaces or commas
``.txt``            one post a line, its tags between spaces
=================== ==========================================================================================

Each may be gzipped (``.jsonl.gz``). All are text in UTF-8.
"""

import csv
import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from models.errors import Tag2VecError

COLUMNS = ("tags", "hashtags")

Lines = Iterator[tuple[int, str]]


class PostsError(Tag2VecError):
    """A file of posts cannot be used; says which, where and why."""


def read_posts(path: Path) -> Iterator[list[str]]:
    """Read the posts of a file, one at a time.

    Yields
    ------
    list of str
        The tags of a post as they stand there; empty where it has none.

    Raises
    ------
    PostsError
        If the file cannot be read, is of no known kind, or a line of it is not what its kind asks for.
    """
    suffixes = [suffix for suffix in path.suffixes if suffix != ".gz"]
    reader = _READERS.get(suffixes[-1].lower() if suffixes else "")
    if reader is None:
        raise PostsError(f"{path}: posts are read from {', '.join(_READERS)}, each with .gz after it or without")
    yield from reader(path, _lines(path))


def _lines(path: Path) -> Lines:
    number = 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            for line in file:
                number += 1
                yield number, line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise PostsError(f"{path}, line {number}: is not text in UTF-8: {error}") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise PostsError(f"{path}, after line {number}: the gzip file is damaged or cut short: {error}") from error
    except OSError as error:
        raise PostsError(f"{path}: cannot be read: {error}") from error


def _read_jsonl(path: Path, lines: Lines) -> Iterator[list[str]]:
    for number, line in lines:
        if not line.strip():
            continue
        try:
            tags = json.loads(line)["tags"]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise PostsError(f'{path}, line {number}: is no JSON object with "tags": {error!r}') from error
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise PostsError(f'{path}, line {number}: "tags" must be a list of strings')
        yield tags


def _read_csv(path: Path, lines: Lines) -> Iterator[list[str]]:
    rows = csv.reader((line for _, line in lines), strict=True)
    try:
        header = [name.strip().lower() for name in next(rows, [])]
        column = next((header.index(name) for name in COLUMNS if name in header), None)
        if column is None:
            raise PostsError(f"{path}, line 1: the header needs a column called {' or '.join(COLUMNS)}")
        for row in rows:
            if not row:
                continue
            if len(row) != len(header):
                raise PostsError(f"{path}, line {rows.line_num}: has {len(row)} columns, but the header {len(header)}")
            yield [tag for tag in re.split(r"[\s,]+", row[column]) if tag]
    except csv.Error as error:
        raise PostsError(f"{path}, line {rows.line_num}: is no CSV: {error}") from error


def _read_text(_: Path, lines: Lines) -> Iterator[list[str]]:
    for _number, line in lines:
        if line.strip():
            yield line.split()


_READERS: dict[str, Callable[[Path, Lines], Iterator[list[str]]]] = {
    ".jsonl": _read_jsonl,
    ".csv": _read_csv,
    ".txt": _read_text,
}
