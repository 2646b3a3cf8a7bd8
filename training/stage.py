"""Stages of work that are done once: recognised when they are finished, redone when what they rest on changed.

A stage turns inputs into the files of one folder, `work/<name>/`. They are written under another name, and the folder
is renamed when it is whole; only then is the stamp `work/<name>.json` written. It says what the folder was made from
(a hash over the content of the inputs, the settings and the code) and what it holds. A stage is finished when its stamp
fits; anything else, half-written or stale, is made anew.
"""

import ast
import fcntl
import hashlib
import json
import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from threadpoolctl import threadpool_limits

from models.checksum import file_sha256
from models.errors import Tag2VecError

log = logging.getLogger(__name__)


class StageError(Tag2VecError):
    """A stage cannot be run: what it rests on is missing, or the work folder is in use."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One step of the training.

    Attributes
    ----------
    name : str
        Also that of its folder.
    build : callable
        Writes the stage's files into the empty folder that it is given.
    code : tuple of modules
        Whose change makes finished work stale (comments, docstrings and layout do not count).
    settings : mapping
        What JSON can hold; the output depends on it.
    files : tuple of Path
        Files from outside that are read.
    after : tuple of Stage
        Stages whose output is read.
    """

    name: str
    build: Callable[[Path], None]
    code: tuple[ModuleType, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    after: tuple["Stage", ...] = ()

    @cached_property
    def version(self) -> str:
        """Hash of the code."""
        return code_version(*self.code)


class Work:
    """The folder that holds the output of every stage, one user at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __truediv__(self, stage: str) -> Path:
        return self.folder / stage

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other training out of this folder; the lock goes with the process, however it ends."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StageError(f"another training is at work in {self.folder}; wait for it to end.") from None
            yield

    def run(self, stage: Stage) -> None:
        """Bring a stage up to date; does nothing but say so when it is."""
        key = self._key(stage)
        if self._stamp(stage).get("key") == key:
            log.info("%s: finished before, skipped", stage.name)
            return
        log.info("%s: started", stage.name)
        folder, partial = self / stage.name, self / f".{stage.name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        start = time.perf_counter()
        # One thread: processes are what runs in parallel, and sums do not depend on how they were split.
        with threadpool_limits(1):
            stage.build(partial)
        seconds = time.perf_counter() - start
        self._stamp_file(stage).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
        outputs = {
            path.relative_to(folder).as_posix(): {"sha256": file_sha256(path), "bytes": path.stat().st_size}
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        write_json(self._stamp_file(stage), {"key": key, "outputs": outputs})
        write_json(self / "timings.json", self.timings() | {stage.name: round(seconds, 1)})
        log.info("%s: done in %.1f s", stage.name, seconds)

    def require(self, stage: Stage) -> None:
        """Raise StageError unless a stage's output is there and up to date."""
        if self._stamp(stage).get("key") != self._key(stage):
            raise StageError(
                f"stage {stage.name!r} is not finished, or what it rests on has changed since: "
                f"run it first, or run all stages."
            )

    def timings(self) -> dict[str, float]:
        """Return the seconds that each stage took when it was last run to its end in one go."""
        timings: dict[str, float] = _read_json(self / "timings.json")
        return timings

    def _stamp_file(self, stage: Stage) -> Path:
        return self / f"{stage.name}.json"

    def _stamp(self, stage: Stage) -> dict[str, Any]:
        """Return the stamp, or nothing where the files are not those that it names."""
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


def digest(value: Any) -> str:
    """Return the SHA-256 of a JSON value, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)


@lru_cache
def code_version(*modules: ModuleType) -> str:
    """Return a hash of what the modules (of packages: all their files) do, without comments and docstrings."""
    files: list[Path] = []
    for module in modules:
        file = Path(str(module.__file__))
        files += sorted(file.parent.glob("*.py")) if file.name == "__init__.py" else [file]
    return digest([ast.dump(_Undocumented().visit(ast.parse(file.read_bytes()))) for file in files])


class _Undocumented(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if isinstance(node.value, ast.Constant) else node


def _content(path: Path) -> str | None:
    """Hash of a file; None where there is no such file, so that its coming makes a difference."""
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
