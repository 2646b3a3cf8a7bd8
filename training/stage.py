"""Stages of work that are done once: recognised when they are finished, and redone when what they depend on changes.

A stage writes the files of one folder, `work/<name>/`, which appears as a whole. Only then is the stamp
`work/<name>.json` written: what the folder was made from (a hash of the inputs' content, the settings and the code) and
which files it holds. A stage is finished while its stamp matches; anything else is made anew.
"""

import json
import logging
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from threadpoolctl import threadpool_limits

from models.atomic_write import atomic_write
from models.checksum import file_sha256
from models.errors import Tag2VecError
from training.code_version import code_version
from training.json_file import digest, write_json

log = logging.getLogger(__name__)


class StageError(Tag2VecError):
    """A stage cannot be run: what it depends on is missing, or the work folder is in use."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Stage:
    """A step of the training.

    Attributes
    ----------
    name : str
        Also the name of its folder.
    build : partial
        A function of our packages with all its arguments but the first, an empty folder that it writes files into.
        Finished work becomes stale if the function changes, or what it uses (`training.code_version`).
    settings : mapping
        A JSON object that the output depends on.
    files : tuple of Path
        Files from outside the work folder that are read.
    after : tuple of Stage
        Stages whose output is read.
    """

    name: str
    build: partial[None]
    settings: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    after: tuple["Stage", ...] = ()

    @cached_property
    def version(self) -> str:
        """Hash of the code."""
        return code_version(self.build.func)


class Work:
    """The folder that holds the output of every stage, for one training at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __truediv__(self, stage: str) -> Path:
        return self.folder / stage

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other trainings out of this folder until the block, or the process, ends."""
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.folder / ".lock", blocking=False):
                yield
        except Timeout:
            raise StageError(f"another training is using {self.folder}; wait for it to end.") from None

    def run(self, stage: Stage) -> None:
        """Bring a stage up to date; if it is, only log that."""
        key = self._key(stage)
        if self._stamp(stage).get("key") == key:
            log.info("%s: up to date, skipped", stage.name)
            return
        log.info("%s: started", stage.name)
        folder = self / stage.name
        for leftover in self.folder.glob(f".{stage.name}.*.partial"):  # of a process that was killed
            shutil.rmtree(leftover)
        start = time.perf_counter()
        with atomic_write(folder) as unfinished:
            unfinished.mkdir()
            # One thread: parallel work runs in processes, and sums must not depend on how they were split.
            with threadpool_limits(1):
                stage.build(unfinished)
            self._stamp_file(stage).unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
        seconds = time.perf_counter() - start
        outputs = {
            path.relative_to(folder).as_posix(): {"sha256": file_sha256(path), "bytes": path.stat().st_size}
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        write_json(self._stamp_file(stage), {"key": key, "outputs": outputs})
        write_json(self / "timings.json", self.timings() | {stage.name: round(seconds, 1)})
        log.info("%s: done in %.1f s", stage.name, seconds)

    def require(self, stage: Stage) -> None:
        """Raise StageError unless a stage is up to date."""
        if self._stamp(stage).get("key") != self._key(stage):
            raise StageError(
                f"stage {stage.name!r} is not finished, or what it depends on has changed since. "
                "Run it first, or run all stages."
            )

    def timings(self) -> dict[str, float]:
        """Return the seconds that each stage took when it was last run."""
        timings: dict[str, float] = _read_json(self / "timings.json")
        return timings

    def _stamp_file(self, stage: Stage) -> Path:
        return self / f"{stage.name}.json"

    def _stamp(self, stage: Stage) -> dict[str, Any]:
        """Return the stamp, or an empty one if the files are not those that it names."""
        stamp = _read_json(self._stamp_file(stage))
        for name, output in stamp.get("outputs", {}).items():
            path = self / stage.name / name
            if not path.is_file() or path.stat().st_size != output["bytes"]:
                return {}
        return stamp

    def _key(self, stage: Stage) -> str:
        for earlier in stage.after:
            self.require(earlier)
        return digest(
            {
                "name": stage.name,
                "version": stage.version,
                "settings": stage.settings,
                "files": [_content(path) for path in stage.files],
                "after": {earlier.name: self._stamp(earlier)["outputs"] for earlier in stage.after},
            }
        )


def _content(path: Path) -> str | None:
    """Return the hash of a file, or None if there is none: a file that appears is a change, too."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return _content_at(path, stat.st_size, stat.st_mtime_ns)


@cache
def _content_at(path: Path, size: int, mtime_ns: int) -> str:
    return file_sha256(path)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return content
