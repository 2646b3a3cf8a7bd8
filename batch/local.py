"""Processes shards on this machine, on all of its processors."""

import asyncio
from collections.abc import Sequence

from batch.shards import Job, Tell, work
from batch.storage import Place
from batch.tagging import Tagger, Task


def execute(task: Task, out: Place, jobs: Sequence[Job], tell: Tell) -> None:
    """Do all jobs; see `batch.shards.work`.

    Raises
    ------
    Tag2VecError, OSError
        Errors that stop the whole run.
    KeyboardInterrupt
        On Ctrl-C. Unfinished shards leave nothing behind; all processes have ended.
    """
    try:
        asyncio.run(_execute(task, out, jobs, tell))
    except ExceptionGroup as group:
        raise _first(group) from None


async def _execute(task: Task, out: Place, jobs: Sequence[Job], tell: Tell) -> None:
    workers = task.settings.workers
    waiting = iter(jobs)

    async def work_on() -> None:
        for job in waiting:
            await work(tagger, task, out, job, tell)

    # Clips are tagged in order. With one more shard, or several small ones, no worker idles while a shard ends.
    at_once = 2 + 2 * workers // len(jobs[0].paths)
    async with Tagger(task, workers) as tagger, asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(work_on())


def _first(group: ExceptionGroup[Exception]) -> Exception:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, ExceptionGroup) else error
