"""The survey's database: an SQLite file with clips, suggestions, raters and answers, which survives any crash."""

import json
import os
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self

import numpy as np

from models.appearance import Appearance
from models.bundle import Bundle
from models.bundle.files import APPEARANCE, VOCABULARY
from models.encoded_clip import EncodedClip
from models.errors import Tag2VecError
from models.tags.suggestions import Suggestion
from models.video.info import VideoInfo
from training.json_file import digest

Outcome = Literal["judged", "skipped"]

_APPLICATION = 0x54325654
"""Of databases of this schema: no other is read."""
_SCHEMA = f"""
PRAGMA application_id = {_APPLICATION};
CREATE TABLE model (sha256 TEXT NOT NULL, encoder TEXT NOT NULL) STRICT;
CREATE TABLE clips (
  id INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL UNIQUE,
  path TEXT NOT NULL,
  fisher BLOB,                       -- float32, as are the next two; `facts` is the rest of the encoding as JSON
  features BLOB,
  probabilities BLOB,
  facts TEXT,
  copied INTEGER NOT NULL DEFAULT 0, -- whether browsers get a copy in another format
  failure TEXT                       -- why it cannot be shown
) STRICT;
CREATE TABLE suggestions (
  clip INTEGER NOT NULL REFERENCES clips, rank INTEGER NOT NULL, tag TEXT NOT NULL, score REAL NOT NULL,
  PRIMARY KEY (clip, rank)
) STRICT, WITHOUT ROWID;
CREATE TABLE raters (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, token TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE answers (
  rater INTEGER NOT NULL REFERENCES raters, clip INTEGER NOT NULL REFERENCES clips,
  outcome TEXT CHECK (outcome IN ('judged', 'skipped')),  -- NULL: unfinished
  kept TEXT NOT NULL, added TEXT NOT NULL,                -- JSON lists of tags
  changed_at TEXT NOT NULL,
  PRIMARY KEY (rater, clip)
) STRICT, WITHOUT ROWID;
"""


class SurveyError(Tag2VecError):
    """The survey cannot be run: its database, its clips or its model cannot be used."""


@dataclass(frozen=True)
class Rater:
    """A person, identified by the token in their link."""

    id: int
    name: str
    token: str


@dataclass(frozen=True)
class Answer:
    """A rater's answer to a clip.

    Attributes
    ----------
    outcome : {'judged', 'skipped'} or None
        None: unfinished. Judged with nothing kept: no suggestion fits.
    kept : list of str
        Suggested tags that fit.
    added : list of str
        Tags that the rater found missing.
    """

    outcome: Outcome | None = None
    kept: Sequence[str] = ()
    added: Sequence[str] = ()
    changed_at: str = ""


@dataclass(frozen=True)
class Judged:
    """A finished answer with its clip and suggestions: one row of the results."""

    rater: Rater
    clip: int
    path: str
    suggestions: list[Suggestion]
    answer: Answer


class Database:
    """A connection for one thread at a time; every change is on disk when the method returns.

    Parameters
    ----------
    path : Path
    create : bool
        Whether to create the file if it is missing.

    Raises
    ------
    SurveyError
        If the file is missing, cannot be opened or is not the database of a survey.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        if not create and not path.is_file():
            raise SurveyError(f"there is no survey in {path}; start one with --clips.")
        try:
            # Only for its owner: it holds the raters' tokens.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._sql = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
            try:
                self._open(path)
            except BaseException:
                self._sql.close()
                raise
        except OSError as error:
            raise SurveyError(f"cannot open {path}: {error.strerror}.") from error
        except sqlite3.DatabaseError as error:
            raise SurveyError(f"{path} cannot be used as the database of a survey: {error}.") from error

    def _open(self, path: Path) -> None:
        self._sql.execute("PRAGMA foreign_keys = ON")
        self._sql.execute("PRAGMA synchronous = FULL")
        if not self._sql.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            self._sql.execute("PRAGMA journal_mode = WAL")
            self._sql.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT")
        if self._sql.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION:
            raise SurveyError(f"{path} is a database, but not of a survey; name another file.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sql.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._sql.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._sql.execute("ROLLBACK")
            raise
        self._sql.execute("COMMIT")

    def use(self, bundle: Bundle) -> None:
        """Set the model whose suggestions are judged; drop those of another one, unless somebody has judged them.

        Encoded clips are kept if both models encode them alike.

        Raises
        ------
        SurveyError
            If people have judged the suggestions of another model.
        """
        files = [bundle.manifest.files[name].sha256 for name in (VOCABULARY, APPEARANCE)]
        encoder = digest([files, bundle.manifest.settings.model_dump(mode="json")])
        with self._transaction():
            used = self._sql.execute("SELECT sha256, encoder FROM model").fetchone()
            if used == (bundle.sha256, encoder):
                return
            if self._sql.execute("SELECT count(*) FROM answers").fetchone()[0]:
                raise SurveyError(
                    f"this survey judges the model {used[0][:12]}, not {bundle.sha256[:12]}: "
                    "use that bundle, or start another survey in another file."
                )
            self._sql.execute("DELETE FROM suggestions")
            if used and used[1] != encoder:
                self._sql.execute("UPDATE clips SET fisher = NULL, facts = NULL, failure = NULL")
            self._sql.execute("DELETE FROM model")
            self._sql.execute("INSERT INTO model VALUES (?, ?)", (bundle.sha256, encoder))

    def register(self, clips: Mapping[str, str]) -> dict[int, str]:
        """Add clips, paths by SHA-256; return the paths by the numbers of the clips, in the order of the survey."""
        with self._transaction():
            self._sql.executemany(
                "INSERT INTO clips (sha256, path) VALUES (?, ?) "
                "ON CONFLICT (sha256) DO UPDATE SET path = excluded.path",
                clips.items(),
            )
        rows = self._sql.execute("SELECT id, sha256 FROM clips ORDER BY sha256").fetchall()
        return {number: clips[sha256] for number, sha256 in rows if sha256 in clips}

    def unprepared(self) -> set[int]:
        """Return the clips that are neither encoded nor failed."""
        rows = self._sql.execute("SELECT id FROM clips WHERE fisher IS NULL AND failure IS NULL")
        return {number for (number,) in rows}

    def copied(self) -> set[int]:
        """Return the clips of which browsers get a copy."""
        return {number for (number,) in self._sql.execute("SELECT id FROM clips WHERE copied")}

    def prepared(self, clip: int, encoded: EncodedClip, *, copied: bool) -> None:
        """Store an encoded clip."""
        facts = asdict(encoded)
        arrays = {"fisher": facts.pop("fisher"), **facts.pop("appearance")}
        blobs = [arrays[name].astype("<f4").tobytes() for name in ("fisher", "features", "probabilities")]
        self._sql.execute(
            "UPDATE clips SET fisher = ?, features = ?, probabilities = ?, facts = ?, copied = ?, failure = NULL "
            "WHERE id = ?",
            (*blobs, json.dumps(facts), copied, clip),
        )

    def failed(self, clip: int, reason: str) -> None:
        """Store the reason why a clip cannot be shown."""
        self._sql.execute("UPDATE clips SET failure = ? WHERE id = ?", (reason, clip))

    def failures(self) -> dict[str, str]:
        """Return the reasons why clips cannot be shown, by path."""
        return dict(self._sql.execute("SELECT path, failure FROM clips WHERE failure IS NOT NULL ORDER BY path"))

    def encoded_only(self) -> Iterator[tuple[int, EncodedClip]]:
        """Yield the clips that are encoded but have no suggestions yet."""
        query = "SELECT id FROM clips WHERE fisher NOT NULL AND id NOT IN (SELECT clip FROM suggestions)"
        for (number,) in self._sql.execute(query).fetchall():
            encoding = "SELECT fisher, features, probabilities, facts FROM clips WHERE id = ?"
            with closing(self._sql.execute(encoding, (number,))) as rows:
                *blobs, facts = rows.fetchone()
            fisher, features, probabilities = (np.frombuffer(blob, "<f4").astype(np.float32) for blob in blobs)
            rest = json.loads(facts)
            rest["video"] = VideoInfo(**rest["video"])
            yield number, EncodedClip(fisher=fisher, appearance=Appearance(features, probabilities), **rest)

    def suggest(self, clip: int, suggestions: Sequence[Suggestion]) -> None:
        """Store the suggestions that raters are to judge."""
        rows = [(clip, one.rank, one.tag, one.score) for one in suggestions]
        with self._transaction():
            self._sql.executemany("INSERT INTO suggestions VALUES (?, ?, ?, ?)", rows)

    def suggested(self, clip: int) -> list[str]:
        """Return the suggested tags of a clip by rank."""
        rows = self._sql.execute("SELECT tag FROM suggestions WHERE clip = ? ORDER BY rank", (clip,))
        return [tag for (tag,) in rows]

    def ready(self) -> set[int]:
        """Return the clips that can be shown."""
        return {number for (number,) in self._sql.execute("SELECT DISTINCT clip FROM suggestions")}

    def add_rater(self, name: str) -> None:
        """Add a rater with a new token; an existing rater of that name keeps theirs."""
        token = secrets.token_urlsafe(16)
        self._sql.execute("INSERT OR IGNORE INTO raters (name, token) VALUES (?, ?)", (name, token))

    def raters(self) -> list[Rater]:
        """Return all raters."""
        return [Rater(*row) for row in self._sql.execute("SELECT id, name, token FROM raters ORDER BY id")]

    def rater(self, token: str) -> Rater | None:
        """Return the rater with that token."""
        row = self._sql.execute("SELECT id, name, token FROM raters WHERE token = ?", (token,)).fetchone()
        return Rater(*row) if row else None

    def outcomes(self, rater: Rater) -> dict[int, Outcome]:
        """Return the outcome of each clip that a rater has finished."""
        query = "SELECT clip, outcome FROM answers WHERE rater = ? AND outcome IS NOT NULL"
        return dict(self._sql.execute(query, (rater.id,)))

    def answer(self, rater: Rater, clip: int) -> Answer:
        """Return a rater's answer to a clip so far."""
        query = "SELECT outcome, kept, added, changed_at FROM answers WHERE rater = ? AND clip = ?"
        return _answer(self._sql.execute(query, (rater.id, clip)).fetchone() or (None, "[]", "[]", ""))

    def set_answer(self, rater: Rater, clip: int, answer: Answer) -> None:
        """Store a rater's answer to a clip, replacing an earlier one."""
        self._sql.execute(
            "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "outcome = excluded.outcome, kept = excluded.kept, added = excluded.added, "
            "changed_at = excluded.changed_at",
            (
                rater.id,
                clip,
                answer.outcome,
                json.dumps(list(answer.kept), ensure_ascii=False),
                json.dumps(list(answer.added), ensure_ascii=False),
                datetime.now(UTC).isoformat(timespec="milliseconds"),
            ),
        )

    def judged(self) -> Iterator[Judged]:
        """Yield all finished answers, by rater and clip."""
        raters = {rater.id: rater for rater in self.raters()}
        query = "SELECT clip, rank, tag, score FROM suggestions ORDER BY clip, rank"
        suggestions: dict[int, list[Suggestion]] = {}
        for clip, rank, tag, score in self._sql.execute(query):
            suggestions.setdefault(clip, []).append(Suggestion(tag=tag, score=score, distance=float("nan"), rank=rank))
        query = (
            "SELECT rater, clip, path, outcome, kept, added, changed_at FROM answers JOIN clips ON clips.id = clip "
            "WHERE outcome IS NOT NULL ORDER BY rater, clips.sha256"
        )
        for rater, clip, path, *answer in self._sql.execute(query).fetchall():
            yield Judged(raters[rater], clip, path, suggestions[clip], _answer(answer))


def _answer(row: Sequence[str | None]) -> Answer:
    outcome, kept, added, changed_at = row
    return Answer(outcome, json.loads(kept or "[]"), json.loads(added or "[]"), changed_at or "")  # type: ignore[arg-type]
