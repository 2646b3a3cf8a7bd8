"""The second gate: clips wait their turn for one of a fixed number of worker processes.

Whatever goes wrong with a process (death, deadline, a client that left) ends in the same way: it is killed and a new
one with a pool of its own takes its place. So a worker that died while it held a lock of its pool harms nobody, and
nothing is ever reused whose state is in doubt. A worker that is merely old works on until its successor is ready: all
grow old at about the same time, and clips would wait.
"""

import asyncio
import logging
import math
import os
import time
from pathlib import Path

from models.sandbox.worker import WorkerSettings
from service.metrics import Metrics
from service.problems import Code, Problem
from service.tracing import span
from service.workers.process import WorkerDeathError, WorkerProcess, end_fork_server

log = logging.getLogger(__name__)

_PAUSE_S = 2.0
"""Seconds between attempts to start a worker that does not start."""


class Workers:
    """A gate before `count` worker processes: clips wait their turn, first come, first served.

    Attributes
    ----------
    count : int
    waiting : int
        Clips that wait for a free worker.
    """

    def __init__(self, count: int, settings: WorkerSettings, *, recycle: int, metrics: Metrics) -> None:
        self.count = count
        self.waiting = 0
        self._settings = settings
        self._recycle = recycle
        self._metrics = metrics
        self._free: asyncio.Queue[WorkerProcess] = asyncio.Queue()
        # Who comes as a worker gets free would take it from who waits for the queue, and send that one to its end.
        self._first = asyncio.Lock()
        self._idle: set[WorkerProcess] = set()
        self._processes: set[WorkerProcess] = set()
        self._old: set[WorkerProcess] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._opened = 0
        self._failing = 0
        self._processors = len(os.sched_getaffinity(0))
        self._stopping = False
        self._seconds = 2.0
        self._model: Path
        metrics.workers.labels("starting").set_function(lambda: len(self._opening))
        metrics.workers.labels("free").set_function(lambda: len(self._idle))
        metrics.workers.labels("busy").set_function(lambda: len(self._processes) - len(self._idle))

    @property
    def ready(self) -> bool:
        """Whether clips can be worked on: all workers were warm once, and one is there or does not fail to start."""
        return self._opened >= self.count and (bool(self._processes) or self._failing < self.count)

    def wait_s(self, ahead: int) -> int:
        """Return whole seconds, at least 1, after which `ahead` clips will have been worked on."""
        return max(1, math.ceil(self._seconds * ahead / self.count))

    def start(self, model: Path) -> None:
        """Start all workers, in the background; their scratch folders lie beside that of the model."""
        self._model = model
        for _ in range(self.count):
            self._open()

    def use(self, model: Path) -> None:
        """Let workers that start from now on begin with another model; those that run take what each clip says."""
        self._model = model

    async def run(self, job: Path, model: Path, deadline: float) -> None:
        """Have `job/clip` encoded by the next free worker.

        Raises
        ------
        Problem
            `deadline_exceeded` (at `deadline`, event loop time) or `worker_died`.
        """
        with span("queue"):
            process = await self._next(deadline)
        began = time.perf_counter()
        cause = "cancelled"
        try:
            with span("encode"):
                await process.encode(job, model, deadline, self._threads())
            cause = ""
        except TimeoutError:
            cause = "deadline"
            raise _too_late() from None
        except WorkerDeathError as death:
            cause = "died"
            log.warning("worker died", extra={"data": {"cause": str(death)}})
            raise Problem(
                Code.worker_died, "The worker process died on this clip; other clips are not affected. Do not retry it."
            ) from death
        finally:
            if cause not in ("died", "cancelled"):
                self._seconds += 0.1 * (time.perf_counter() - began - self._seconds)
            if cause:
                self._replace(process, cause)
            else:
                self._recycled(process)
                self._release(process)

    async def stop(self) -> None:
        """Kill every worker."""
        self._stopping = True
        for process in list(self._processes):
            self._close(process)
        await asyncio.gather(*self._closing, return_exceptions=True)
        # Whoever waits for the fork server, which may be compiling still, is set free by its end.
        end_fork_server()
        for task in self._opening:
            task.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)
        await asyncio.gather(*self._closing, return_exceptions=True)

    def _threads(self) -> int:
        """Return this clip's share of the processors: all of them while it is alone, one when others are under way."""
        busy = len(self._processes) - len(self._idle) + self.waiting
        return max(1, self._processors // busy)

    async def _next(self, deadline: float) -> WorkerProcess:
        began = time.perf_counter()
        self.waiting += 1
        try:
            async with asyncio.timeout_at(deadline), self._first:
                while (process := await self._free.get()) not in self._idle:
                    pass  # it died meanwhile and has been replaced
                self._idle.discard(process)
                return process
        except TimeoutError:
            raise _too_late() from None
        finally:
            self.waiting -= 1
            self._metrics.queue_wait.observe(time.perf_counter() - began)

    def _release(self, process: WorkerProcess) -> None:
        if self._succeeded(process):
            self._close(process)
            return
        self._idle.add(process)
        self._free.put_nowait(process)
        if process.dead.done():
            self._lost(process)

    def _recycled(self, process: WorkerProcess) -> None:
        """Start the successor of a worker that has had its share of clips."""
        if process.clips == self._recycle:
            self._metrics.worker_restarts.labels("recycled").inc()
            self._old.add(process)
            self._open()

    def _succeeded(self, process: WorkerProcess) -> bool:
        return process in self._old and len(self._processes) > self.count

    def _lost(self, process: WorkerProcess) -> None:
        """Replace a process that died without a clip; a clip that was in it has this done itself."""
        if process in self._idle:
            self._replace(process, "died")

    def _replace(self, process: WorkerProcess, cause: str) -> None:
        self._metrics.worker_restarts.labels(cause).inc()
        has_successor = process in self._old
        self._close(process)
        if not has_successor:
            self._open()

    def _close(self, process: WorkerProcess) -> None:
        self._processes.discard(process)
        self._idle.discard(process)
        self._old.discard(process)
        process.abandon()
        task = asyncio.create_task(asyncio.to_thread(process.close))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _open(self) -> None:
        if not self._stopping:
            task = asyncio.create_task(self._started())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _started(self) -> None:
        failed = 0
        try:
            while True:
                process = WorkerProcess(self._settings, self._model, self._model.parent)
                try:
                    await process.open()
                    break
                except Exception as error:
                    self._close(process)
                    if not failed:  # it may have been killed like any other: the next one starts at once
                        log.warning("a worker did not start", extra={"data": {"cause": repr(error)}})
                        self._failing += 1
                        failed = 1
                        continue
                    log.exception("a worker does not start")
                    await asyncio.sleep(_PAUSE_S)
                except asyncio.CancelledError:
                    self._close(process)
                    raise
        finally:
            self._failing -= failed
        self._opened += 1
        self._processes.add(process)
        process.dead.add_done_callback(lambda _: self._lost(process))
        self._release(process)
        for old in self._old & self._idle:
            if self._succeeded(old):
                self._close(old)


def _too_late() -> Problem:
    return Problem(Code.deadline_exceeded, "The clip was not analysed in time. Send a shorter one, or try again later.")
