"""What people made of suggestions, kept in a SQLite database for whoever trains the next model.

It holds no clip, nobody's name or key and no request ID: for each request, the day, the model, and its hashtags, each
with what became of it and with the numbers from which its score was computed.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from models.errors import Tag2VecError

Choice = Literal["kept", "added", "dropped"]

MOST: Final = 100_000
"""Requests whose feedback is kept; the oldest go."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS feedback (id INTEGER PRIMARY KEY AUTOINCREMENT, day TEXT NOT NULL, model TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS choice (
    feedback INTEGER NOT NULL REFERENCES feedback (id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    choice TEXT NOT NULL,
    relevance REAL,
    any_right REAL,
    PRIMARY KEY (feedback, tag)
) WITHOUT ROWID;
"""


class Feedback:
    """A database of feedback, made on first use.

    Parameters
    ----------
    path : Path

    Raises
    ------
    Tag2VecError
        If the file cannot be used as such.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._connected() as database:
            database.executescript(_SCHEMA)

    def keep(
        self,
        model: str,
        choices: Mapping[str, Choice],
        relevance: Mapping[str, float],
        any_right: float,
        instead_of: int | None = None,
    ) -> int:
        """Store what became of the hashtags of an answer, and return the number of this entry.

        Parameters
        ----------
        model : str
            SHA-256 of the model that answered.
        choices : mapping
            Of each tag.
        relevance : mapping
            Of the suggested tags; see `models.tags.suggestions.Suggestion`.
        any_right : float
            See `models.pipeline.Answer`.
        instead_of : int, optional
            Number of an earlier entry about the same answer.
        """
        with self._connected() as database:
            database.execute("DELETE FROM feedback WHERE id = ?", (instead_of,))
            day = datetime.now(UTC).date().isoformat()
            entry = database.execute("INSERT INTO feedback (day, model) VALUES (?, ?)", (day, model)).lastrowid
            assert entry is not None  # noqa: S101 - a row was inserted
            rows = [
                (entry, tag, choice, relevance.get(tag), any_right if tag in relevance else None)
                for tag, choice in choices.items()
            ]
            database.executemany("INSERT INTO choice VALUES (?, ?, ?, ?, ?)", rows)
            database.execute(
                "DELETE FROM feedback WHERE id <= (SELECT id FROM feedback ORDER BY id DESC LIMIT 1 OFFSET ?)", (MOST,)
            )
        return entry

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield what is stored, oldest first.

        Each entry has `day`, `model`, and `hashtags` with `tag`, `choice`, `relevance` and `any_right`; the last two
        are None for hashtags that were not suggested.
        """
        with self._connected() as database:
            for entry, day, model in database.execute("SELECT id, day, model FROM feedback ORDER BY id").fetchall():
                names = ("tag", "choice", "relevance", "any_right")
                found = database.execute(f"SELECT {', '.join(names)} FROM choice WHERE feedback = ?", (entry,))  # noqa: S608
                hashtags = [dict(zip(names, row, strict=True)) for row in found]
                yield {"day": day, "model": model, "hashtags": hashtags}

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=10)) as database, database:
                database.execute("PRAGMA foreign_keys = ON")
                yield database
        except sqlite3.Error as error:
            raise Tag2VecError(f"{self._path}: cannot be used as a database of feedback: {error}") from error
