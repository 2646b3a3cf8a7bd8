"""A run: tags a source into a folder of shards, and resumes if an earlier run was interrupted.

The folder holds, beside the shards: `_run.json`, what the run was started with; `_failures.jsonl`, the clips without
hashtags; and, once every clip of the source is known to have its row, `_complete.json`.
"""

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from pyarrow import ArrowInvalid

from batch import shards
from batch.shards import Job, Tell
from batch.sources import COLUMN, Source, read_source
from batch.storage import PARTIAL, Place
from batch.tagging import Task
from models.bundle import Bundle
from models.errors import Tag2VecError
from models.tags.suggest_options import SuggestOptions, require_possible
from service.settings import Settings

log = logging.getLogger(__name__)

PLAN: Final = "_run.json"
FAILURES: Final = "_failures.jsonl"
COMPLETE: Final = "_complete.json"
_FORMAT: Final = 1
_READERS: Final = 16

Result = TypeVar("Result")

Execute = Callable[[Task, Place, Sequence[Job], Tell], None]
"""Does all jobs, in any order."""
Show = Callable[[str, int, int, int], AbstractContextManager[Tell]]
"""Shows progress: its title, the number of clips, and how many of them are already done and failed."""


class RunError(Tag2VecError):
    """The folder cannot be used for this run, or its contents are damaged."""


@dataclass(frozen=True)
class Summary:
    """The outcome of a run: how many clips, and how many failed, by error code."""

    clips: int
    failed: dict[str, int]


def run(
    source: str,
    out: str,
    *,
    settings: Settings,
    options: SuggestOptions,
    vectors: bool,
    execute: Execute,
    show: Show,
) -> Summary:
    """Tag the clips of a source, or resume an interrupted run.

    Raises
    ------
    Tag2VecError
        If the source, the bundle or the folder `out` cannot be used, or does not hold what was written to it; or if the
        bundle cannot do what `options` ask.
    OSError
        If a storage fails.
    """
    clips, place = read_source(source), Place(out)
    folders = [(clips.root / path).parent for path in clips.paths] if clips.listed else [clips.root]
    if any(place.contains(folder) for folder in {str(folder): folder for folder in folders}.values()):
        raise RunError(f"{out} contains clips of the source: choose another folder for the output.")
    if not clips.listed and clips.root.contains(place):
        raise RunError(f"{out} is in the source: choose a folder outside it for the output.")
    bundle = Bundle.open(settings.bundle)
    require_possible(options, bundle.suggester(settings.deny_file, settings.kinds_file, settings.trends_file))
    task = Task(str(clips.root), settings, bundle.sha256, options, vectors)
    size = shards.size_of_shards(len(clips.paths))
    jobs = [
        Job(number, clips.paths[start : start + size]) for number, start in enumerate(range(0, len(clips.paths), size))
    ]
    done = _prepare(place, out, _plan(clips, task))
    if COMPLETE in done:
        log.info("batch: %s is already complete", out)
        return Summary(**json.loads((place / COMPLETE).read()))
    todo = [job for job in jobs if shards.file_name(job.number) not in done]
    left = sum(job.clips for job in todo)
    if left < len(clips.paths):
        log.info("batch: %d of %d clips are already tagged", len(clips.paths) - left, len(clips.paths))
    if todo:
        with show("batch", len(clips.paths), len(clips.paths) - left, 0) as tell:
            execute(task, place, todo, tell)
    again = [
        Job(job.number, job.paths, places)
        for job, places in zip(jobs, _of_each(jobs, partial(_to_tag_again, place)), strict=True)
        if places
    ]
    if again:
        count = sum(job.clips for job in again)
        log.info("batch: retrying %d clip%s that failed for reasons that may pass", count, "" if count == 1 else "s")
        with show("retrying", count, 0, 0) as tell:
            execute(task, place, again, tell)
    return _complete(place, jobs)


def _plan(clips: Source, task: Task) -> dict[str, Any]:
    """Return everything that the output depends on; the source as a hash, because a URI may hold a password."""
    settings = task.settings
    return {
        "format": _FORMAT,
        "clips": len(clips.paths),
        "source": _digest([str(clips.root), *clips.paths]),
        "model": task.model,
        "deny_file": _content(settings.deny_file),
        "kinds_file": _content(settings.kinds_file),
        "trends_file": _content(settings.trends_file),
        "limits": vars(settings.limits),
        **task.options,
        "vectors": task.vectors,
    }


def _digest(parts: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


def _content(file: Path | None) -> str | None:
    return None if file is None else hashlib.sha256(file.read_bytes()).hexdigest()


def _prepare(place: Place, out: str, plan: dict[str, Any]) -> set[str]:
    """Make the folder, or check that it belongs to the same run; return the names of its files."""
    place.make_folder()
    names = place.files()
    for name in names:
        if name.startswith(".") and name.endswith(PARTIAL):
            (place / name).remove()
    if PLAN in names:
        before = json.loads((place / PLAN).read())
        if other := [key for key in plan if before.get(key) != plan[key]]:
            raise RunError(f"{out} holds {_difference(before, plan, other)}")
    elif found := next((name for name in names if not name.startswith(".")), None):
        raise RunError(f"{out} holds other files, such as {found}: choose an empty folder for the output.")
    else:
        (place / PLAN).write(json.dumps(plan, indent=2).encode())
    return set(names)


def _difference(before: dict[str, Any], plan: dict[str, Any], other: Sequence[str]) -> str:
    """Say how the run that a folder holds differs from this one, and what to do."""
    if not {"clips", "source"}.issuperset(other):
        return (
            f"a run with other {', '.join(name for name in other if name != 'clips')}: choose another folder for the "
            "output, or repeat the command that it was started with."
        )
    more, clips = plan["clips"] - before["clips"], plan["clips"]
    count = "1 clip" if clips == 1 else f"{clips} clips"
    changed = f"{abs(more)} {'more' if more > 0 else 'fewer'} than then" if more else "as many as then, but others"
    return (
        f"a run of another source, or of this one before it changed: it has {count}, {changed}. To tag only new clips, "
        f"list them in a hidden file such as .new.csv, with a column {COLUMN!r}, and name it as the source, "
        "with another folder for the output. To tag all clips again, choose another folder for the output."
    )


def _to_tag_again(place: Place, job: Job) -> list[int]:
    with _readable(job):
        return shards.to_tag_again(place / shards.file_name(job.number))


def _complete(place: Place, jobs: Sequence[Job]) -> Summary:
    """Compare inputs with outputs, list the failures and mark the folder as complete."""
    failures: list[dict[str, str]] = []
    for some in _of_each(jobs, partial(_failures, place)):
        failures += some
    failed = dict(sorted(Counter(row["error"] for row in failures).items()))
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in failures]
    (place / FAILURES).write("".join(lines).encode())
    summary = Summary(sum(len(job.paths) for job in jobs), failed)
    (place / COMPLETE).write(json.dumps(vars(summary), indent=2).encode())
    return summary


def _failures(place: Place, job: Job) -> list[dict[str, str]]:
    with _readable(job):
        rows = shards.read(place / shards.file_name(job.number), ["path", "error", "message"]).to_pylist()
    if [row["path"] for row in rows] != list(job.paths):
        raise RunError(f"{shards.file_name(job.number)} does not hold its clips: delete it and run the command again.")
    return [row for row in rows if row["error"] is not None]


def _of_each(jobs: Sequence[Job], function: Callable[[Job], Result]) -> Iterator[Result]:
    """Yield a function's result for each job, in order, with threads: object stores take tenths of a second each."""
    with ThreadPoolExecutor(_READERS) as pool:
        yield from pool.map(function, jobs)


@contextmanager
def _readable(job: Job) -> Iterator[None]:
    """Say which shard is damaged or missing."""
    try:
        yield
    except (ArrowInvalid, FileNotFoundError) as error:
        name = shards.file_name(job.number)
        raise RunError(f"{name} is damaged or missing: delete it if it exists, and run the command again.") from error
