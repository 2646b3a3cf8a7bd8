"""Processes shards on a Ray cluster, with an actor for each of its processors.

Ray retries the unfinished work of a lost machine; since a shard's file is written atomically, and is the same whoever
writes it, that neither loses nor duplicates a clip. No clip can crash an actor, which Ray would retry for ever: clips
are decoded in a process of their own, as in the service.
"""

import asyncio
import logging
import os
from collections.abc import Sequence
from typing import Any

import ray
import ray.data

from batch.shards import Job, Tell, work
from batch.storage import Place
from batch.tagging import Tagger, Task
from cluster.connection import connected


def execute(task: Task, out: Place, jobs: Sequence[Job], tell: Tell, *, address: str) -> None:
    """Do all jobs; see `batch.shards.work`.

    Parameters
    ----------
    task, out, jobs, tell
    address : str
        The cluster's; see `cluster.connection.connected`.

    Raises
    ------
    RayError
        If there is no such cluster, or an actor fails as a whole.
    """
    with connected(address):
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False  # ours counts clips
        logging.getLogger("ray.data").setLevel(logging.WARNING)
        logging.getLogger("ray.data._internal.progress").setLevel(logging.ERROR)  # warns that they are off
        processors = max(1, int(ray.cluster_resources().get("CPU", 1)))
        items = ray.data.from_items([{"job": job.to_json()} for job in jobs], override_num_blocks=len(jobs))
        results = items.map_batches(
            _Actor,
            fn_constructor_kwargs={"task": task, "out": str(out)},
            batch_size=1,
            num_cpus=1,
            # Two: the next job is there when one ends, and few wait behind a slow one.
            compute=ray.data.ActorPoolStrategy(size=min(processors, len(jobs)), max_tasks_in_flight_per_actor=2),
        )
        for row in results.iter_rows():
            tell(row["clips"], row["failed"])


class _Actor:
    """Tags shards one after the other, on one processor."""

    def __init__(self, task: Task, out: str) -> None:
        os.environ["TAG2VEC_THREADS"] = "1"
        self._task, self._out = task, Place(out)
        self._runner = asyncio.Runner()
        self._tagger = Tagger(task, workers=1)
        self._runner.run(self._tagger.__aenter__())

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[int]]:
        jobs = [Job.from_json(str(text)) for text in batch["job"]]
        failed = [self._runner.run(work(self._tagger, self._task, self._out, job)) for job in jobs]
        return {"clips": [job.clips for job in jobs], "failed": failed}

    def __del__(self) -> None:
        if hasattr(self, "_runner"):  # Ray deletes the class that it makes of this, too
            self._runner.run(self._tagger.__aexit__())
            self._runner.close()
