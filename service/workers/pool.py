"""A pool of worker processes, for which clips wait in order of arrival.

Whatever goes wrong with a process (death, deadline, a client that left), it is killed and a new one with a pebble pool
of its own takes its place. So a worker that died while it held a lock of its pool harms nobody, and nothing whose state
is in doubt is ever reused. A worker that is merely due for recycling works on until its successor is ready: all are due
at about the same time, and clips would have to wait.
"""

import asyncio
import logging
import math
import time
from pathlib import Path

from models.cpu_count import processors
from models.sandbox.confinement import Measure
from models.sandbox.worker import WorkerSettings
from models.video.excerpt import WHOLE, Excerpt
from service.metrics import Metrics
from service.problems import Code, Problem
from service.tracing import span
from service.workers import fork_server
from service.workers.process import WorkerDeathError, WorkerProcess

log = logging.getLogger(__name__)

_PAUSE_S = 2.0
"""Seconds between attempts to start a worker that does not start."""


class Workers:
    """`count` worker processes, and the clips that wait for one: first come, first served.

    Attributes
    ----------
    count : int
    waiting : int
        Clips that wait for a free worker.
    warm : asyncio.Event
        Set once every worker has been ready.
    missing : set of Measure
        What of the workers' confinement this system lacks; complete once `warm` is set.
    """

    def __init__(self, count: int, settings: WorkerSettings, *, recycle: int, metrics: Metrics) -> None:
        self.count = count
        self.waiting = 0
        self.warm = asyncio.Event()
        self.missing: set[Measure] = set()
        self._settings = settings
        self._recycle = recycle
        self._metrics = metrics
        self._free: asyncio.Queue[WorkerProcess] = asyncio.Queue()
        # Otherwise newcomers overtake queued clips.
        self._first = asyncio.Lock()
        self._queue: dict[Path, None] = {}
        self._idle: set[WorkerProcess] = set()
        self._processes: set[WorkerProcess] = set()
        self._old: set[WorkerProcess] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._opened = 0
        self._failing = 0
        self._processors = processors()
        self._stopping = False
        self._seconds = 2.0
        self._model: Path
        metrics.workers.labels("starting").set_function(lambda: len(self._opening))
        metrics.workers.labels("free").set_function(lambda: len(self._idle))
        metrics.workers.labels("busy").set_function(lambda: len(self._processes) - len(self._idle))

    @property
    def ready(self) -> bool:
        """Whether clips can be worked on: all workers were ready once, and they do not all fail to start now."""
        return self.warm.is_set() and (bool(self._processes) or self._failing < self.count)

    def place(self, job: Path) -> int | None:
        """Return the place of a clip in the queue, from 1; None if it does not wait."""
        return next((place for place, waiting in enumerate(self._queue, 1) if waiting == job), None)

    def wait_s(self, ahead: int) -> int:
        """Estimate after how many whole seconds, at least 1, `ahead` clips will be done."""
        return max(1, math.ceil(self._seconds * ahead / self.count))

    def start(self, model: Path) -> None:
        """Start all workers, in the background; their scratch folders are created beside the model's."""
        self._model = model
        for _ in range(self.count):
            self._open()

    def use(self, model: Path) -> None:
        """Have workers that start from now on load another model first; every clip names the one it is encoded with."""
        self._model = model

    async def run(
        self,
        job: Path,
        model: Path,
        deadline: float,
        excerpt: Excerpt = WHOLE,
        *,
        tracks: bool = False,
        explain: bool = False,
    ) -> None:
        """Encode an excerpt of `job/clip` in the next free worker, with its tracks and its slots if they are asked for.

        Raises
        ------
        Problem
            `deadline_exceeded` (at `deadline`, event loop time) or `worker_died`.
        """
        with span("queue"):
            process = await self._next(job, deadline)
        began = time.perf_counter()
        cause = "cancelled"
        try:
            with span("encode"):
                await process.encode(job, model, deadline, self._threads(), excerpt, tracks, explain)
            cause = ""
        except TimeoutError:
            cause = "deadline"
            raise _too_late() from None
        except WorkerDeathError as death:
            cause = "died"
            log.warning("worker died", extra={"data": {"cause": str(death)}})
            raise Problem(
                Code.worker_died,
                "The worker process died on this clip; other clips are not affected. Do not retry it.",
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
        # Threads that wait for the fork server, which may still be compiling, return when it is gone.
        fork_server.kill()
        for task in self._opening:
            task.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)
        await asyncio.gather(*self._closing, return_exceptions=True)

    def _threads(self) -> int:
        """Return a clip's share of the processors: all of them while it is the only one under way."""
        busy = len(self._processes) - len(self._idle) + self.waiting
        return max(1, self._processors // busy)

    async def _next(self, job: Path, deadline: float) -> WorkerProcess:
        began = time.perf_counter()
        self.waiting += 1
        self._queue[job] = None
        try:
            async with asyncio.timeout_at(deadline), self._first:
                while (process := await self._free.get()) not in self._idle:
                    pass  # it has died and been replaced in the meantime
                self._idle.discard(process)
                return process
        except TimeoutError:
            raise _too_late() from None
        finally:
            self.waiting -= 1
            del self._queue[job]
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
        """Start the successor of a worker that is due for recycling."""
        if process.clips == self._recycle:
            self._metrics.worker_restarts.labels("recycled").inc()
            self._old.add(process)
            self._open()

    def _succeeded(self, process: WorkerProcess) -> bool:
        return process in self._old and len(self._processes) > self.count

    def _lost(self, process: WorkerProcess) -> None:
        """Replace a process that died while idle; one that dies on a clip is replaced by `run`."""
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
                    if not failed:  # it may have been killed as any process may be: try again at once
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
        self.missing |= process.missing
        self._opened += 1
        if self._opened >= self.count:
            self.warm.set()
        self._processes.add(process)
        process.dead.add_done_callback(lambda _: self._lost(process))
        self._release(process)
        for old in self._old & self._idle:
            if self._succeeded(old):
                self._close(old)


def _too_late() -> Problem:
    return Problem(
        Code.deadline_exceeded,
        "The analysis took too long. Send a shorter clip, or try again later.",
    )
