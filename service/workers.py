"""Worker processes: one pebble pool of one process a slot, and the gate at which clips wait for a free slot.

Whatever goes wrong in a slot (death, deadline, a client that left) ends in the same way: its process is killed and the
slot gets a new pool. So a worker that died while it held a lock of its pool harms nobody, and nothing is ever reused
whose state is in doubt.
"""

import asyncio
import logging
import math
import time
from concurrent.futures import Future
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path
from typing import Any

from pebble import ProcessPool

from service import worker
from service.metrics import Metrics
from service.problems import Code, Problem

log = logging.getLogger(__name__)

_START_S = 300.0
"""Seconds that a worker may take to start; most of it is the kernels' first compilation."""
_PAUSE_S = 2.0
"""Seconds between attempts to start a worker that does not start."""


class _WorkerDeathError(Exception):
    def __init__(self, exit_code: int | None) -> None:
        super().__init__(f"exit code {exit_code}")


class _Context(SpawnContext):
    """Spawns processes as usual and remembers them: pebble does not say which process serves a pool."""

    def __init__(self) -> None:
        self.processes: list[SpawnProcess] = []

    def Process(self, *args: Any, **kwargs: Any) -> SpawnProcess:  # type: ignore[override]  # noqa: N802
        process = SpawnProcess(*args, **kwargs)
        self.processes.append(process)
        return process


class _Slot:
    """Place of one worker process."""

    def __init__(self, settings: worker.WorkerSettings) -> None:
        self.settings = settings
        self.clips = 0
        self._context = _Context()
        self._pool = ProcessPool(1)

    @property
    def intact(self) -> bool:
        """Whether the process that was warmed lives still."""
        return len(self._context.processes) == 1 and self._context.processes[0].is_alive()

    async def open(self, model: Path) -> None:
        """Start a process and wait until it is warm."""
        self.clips = 0
        self._context = _Context()
        self._pool = ProcessPool(1, 0, worker.start, (self.settings, model), self._context)
        future = await asyncio.to_thread(self._pool.schedule, worker.ready)
        async with asyncio.timeout(_START_S):
            await self._outcome(future)

    async def encode(self, job: Path, model: Path, deadline: float) -> None:
        """Run one clip; raises `TimeoutError` at `deadline` (event loop time) and `_WorkerDeathError`."""
        self.clips += 1
        async with asyncio.timeout_at(deadline):
            await self._outcome(self._pool.schedule(worker.encode, (job, model)))

    async def _outcome(self, future: "Future[None]") -> None:
        # pebble misses the death of a process that has not yet acknowledged its task; the kernel does not.
        process = self._context.processes[-1]
        loop = asyncio.get_running_loop()
        done = asyncio.wrap_future(future)
        died = loop.create_future()
        loop.add_reader(process.sentinel, died.cancel)
        try:
            await asyncio.wait({done, died}, return_when=asyncio.FIRST_COMPLETED)
            if not done.done():
                raise _WorkerDeathError(process.exitcode)
            done.result()
        finally:
            loop.remove_reader(process.sentinel)
            done.cancel()

    def kill(self) -> None:
        """Kill the process and end its pool; blocks for some tenths of a second."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        for process in self._context.processes:
            if process.is_alive():
                process.kill()
        self._pool.join()
        for process in self._context.processes:
            process.join()


class Workers:
    """A gate before `count` worker processes: clips wait their turn, first come, first served.

    Attributes
    ----------
    count : int
    waiting : int
        Clips that wait for a free worker.
    ready : bool
        Every worker has been warm once, and not all of them fail to start again.
    """

    def __init__(self, count: int, settings: worker.WorkerSettings, *, recycle: int, metrics: Metrics) -> None:
        self.count = count
        self.waiting = 0
        self._slots = [_Slot(settings) for _ in range(count)]
        self._free: asyncio.Queue[_Slot] = asyncio.Queue()
        self._opening: set[asyncio.Task[None]] = set()
        self._cold = set(self._slots)
        self._failing: set[_Slot] = set()
        self._recycle = recycle
        self._metrics = metrics
        self._seconds = 2.0
        self._model: Path
        metrics.workers.labels("starting").set_function(lambda: len(self._opening))
        metrics.workers.labels("free").set_function(self._free.qsize)
        metrics.workers.labels("busy").set_function(lambda: count - len(self._opening) - self._free.qsize())

    @property
    def ready(self) -> bool:
        """Whether clips can be worked on."""
        return not self._cold and len(self._failing) < self.count

    @property
    def seconds(self) -> float:
        """Moving average of the seconds that a worker spends on a clip."""
        return self._seconds

    def wait_s(self, ahead: int) -> int:
        """Return whole seconds, at least 1, after which `ahead` clips will have been worked on."""
        return max(1, math.ceil(self._seconds * ahead / self.count))

    def start(self, model: Path) -> None:
        """Start all workers, in the background."""
        self._model = model
        for slot in self._slots:
            self._open(slot)

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
        slot = await self._next(deadline)
        began = time.perf_counter()
        cause = "cancelled"
        try:
            await slot.encode(job, model, deadline)
            cause = "recycled" if self._recycle and slot.clips >= self._recycle else ""
        except TimeoutError:
            cause = "deadline"
            raise _too_late() from None
        except _WorkerDeathError as death:
            cause = "died"
            log.warning("worker died", extra={"data": {"cause": str(death)}})
            raise Problem(
                Code.worker_died, "The worker process died on this clip; other clips are not affected. Do not retry it."
            ) from death
        finally:
            self._seconds += 0.1 * (time.perf_counter() - began - self._seconds)
            if cause:
                self._metrics.worker_restarts.labels(cause).inc()
                self._open(slot)
            else:
                self._free.put_nowait(slot)

    async def stop(self) -> None:
        """Kill every worker."""
        for task in self._opening:
            task.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)
        await asyncio.gather(*(asyncio.to_thread(slot.kill) for slot in self._slots))

    async def _next(self, deadline: float) -> _Slot:
        began = time.perf_counter()
        self.waiting += 1
        try:
            async with asyncio.timeout_at(deadline):
                while not (slot := await self._free.get()).intact:
                    self._metrics.worker_restarts.labels("died").inc()
                    self._open(slot)
                return slot
        except TimeoutError:
            raise _too_late() from None
        finally:
            self.waiting -= 1
            self._metrics.queue_wait.observe(time.perf_counter() - began)

    def _open(self, slot: _Slot) -> None:
        task = asyncio.create_task(self._opened(slot))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _opened(self, slot: _Slot) -> None:
        while True:
            await asyncio.shield(asyncio.to_thread(slot.kill))
            try:
                await slot.open(self._model)
            except Exception:
                log.exception("a worker does not start")
                self._failing.add(slot)
                await asyncio.sleep(_PAUSE_S)
            else:
                self._cold.discard(slot)
                self._failing.discard(slot)
                self._free.put_nowait(slot)
                return


def _too_late() -> Problem:
    return Problem(Code.deadline_exceeded, "The clip was not analysed in time. Send a shorter one, or try again later.")
