"""One worker process, in a pebble pool of its own, from its fork to its end."""

import asyncio
import io
import os
import pickle
import shutil
import tempfile
from concurrent.futures import Future
from enum import Enum
from multiprocessing.connection import Connection, reduce_connection  # type: ignore[attr-defined]
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any, Final

from pebble import ProcessPool

from models.sandbox import worker
from models.sandbox.confinement import Measure
from models.video.excerpt import Excerpt
from service.workers import fork_server

_START_S: Final = 60.0
"""Seconds that a worker may take to get ready once it is forked; the fork server has compiled the kernels by then."""
_MESSAGE_BYTES: Final = 4096
_MESSAGES: Final = {
    ("pebble.pool.process", "Acknowledgement"),
    ("pebble.pool.process", "TaskResult"),
    ("pebble.common.types", "Result"),
    ("pebble.common.types", "ResultStatus"),
}
"""What a worker may send through pebble's channel: that it began and that it is done. All else is passed in files."""


class WorkerDeathError(Exception):
    """The process died, or sent something that is not a message."""


class WorkerProcess:
    """One process, used until its state is in doubt, then killed.

    Attributes
    ----------
    clips : int
        Clips that it was given.
    dead : asyncio.Future
        Done when the process has died by itself.
    missing : set of Measure
        What of its confinement this system lacks, once it is open.
    """

    def __init__(self, settings: worker.WorkerSettings, model: Path, spool: Path) -> None:
        self.clips = 0
        self.dead: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.missing: set[Measure] = set()
        self._folder = Path(tempfile.mkdtemp(prefix="worker-", dir=spool))
        self._context = _Context()
        self._pool = ProcessPool(1, 0, worker.start, (settings, model, self._folder), self._context)

    async def open(self) -> None:
        """Start the process and wait until it is warm."""
        fork_server.start()  # here, on the main thread, in case the one that ran has died
        future = await asyncio.to_thread(self._pool.schedule, worker.ready)
        # pebble notices the death of a process late or never; its sentinel tells at once.
        asyncio.get_running_loop().add_reader(self._context.processes[0].sentinel, self._dies)
        async with asyncio.timeout(_START_S):
            await self._outcome(future)
        self.missing = worker.missing_measures(self._folder)

    async def encode(
        self, job: Path, model: Path, deadline: float, threads: int, excerpt: Excerpt, tracks: bool, explain: bool
    ) -> None:
        """Run one clip; raises `TimeoutError` at `deadline` (event loop time) and `WorkerDeathError`."""
        self.clips += 1
        async with asyncio.timeout_at(deadline):
            arguments = (job, model, threads, excerpt, tracks, explain)
            await self._outcome(self._pool.schedule(worker.encode, arguments))

    async def _outcome(self, future: "Future[None]") -> None:
        done = asyncio.wrap_future(future)
        try:
            await asyncio.wait({done, self.dead}, return_when=asyncio.FIRST_COMPLETED)
            if not done.done():
                raise WorkerDeathError(f"exit code {self._context.processes[0].exitcode}")
            if (error := done.exception()) is not None:
                raise WorkerDeathError(repr(error)) from error
        finally:
            done.cancel()

    def _dies(self) -> None:
        self.abandon()
        self.dead.set_result(None)

    def abandon(self) -> None:
        """Stop watching whether the process is alive."""
        for process in self._context.processes[:1]:
            asyncio.get_running_loop().remove_reader(process.sentinel)

    def close(self) -> None:
        """Kill the process, end its pool and remove its folder; blocks for a few tenths of a second."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        for process in self._context.processes:
            if process.is_alive():
                process.kill()
        self._pool.join()
        for process in self._context.processes:
            process.join()
            process.close()
        shutil.rmtree(self._folder, ignore_errors=True)


class _Context(ForkServerContext):
    """Starts processes from the fork server and remembers them: pebble does not say which serves a pool."""

    def __init__(self) -> None:
        self.processes: list[ForkServerProcess] = []

    def Process(self, *args: Any, **kwargs: Any) -> ForkServerProcess:  # type: ignore[override]  # noqa: N802
        process = ForkServerProcess(*args, **kwargs)
        self.processes.append(process)
        return process

    def Pipe(self, duplex: bool = True) -> "tuple[Connection, Connection]":  # noqa: N802
        reader, writer = super().Pipe(duplex)
        with reader:
            return _Reader(os.dup(reader.fileno()), writable=False), writer


class _Messages(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("builtins", "getattr"):  # how Python 3.11.0 to 3.11.3 pickles a member of an enumeration
            return _member
        if (module, name) not in _MESSAGES:
            raise pickle.PicklingError(f"a worker sent {module}.{name}")
        return super().find_class(module, name)


def _member(kind: type[Enum], name: str) -> Enum:
    """Look up a member of an enumeration, and no other attribute of anything."""
    if not (isinstance(kind, type) and issubclass(kind, Enum) and name in kind.__members__):
        raise pickle.PicklingError(f"a worker sent {name} of {kind}")
    return kind[name]


class _Reader(Connection):
    """Reads pebble's own messages and nothing else: a clip may have taken over the worker."""

    def recv(self) -> Any:
        return _Messages(io.BytesIO(self.recv_bytes(_MESSAGE_BYTES))).load()


ForkingPickler.register(_Reader, reduce_connection)
