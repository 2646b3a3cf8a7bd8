"""The service's parts, from their start to their end."""

import asyncio
import logging
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from starlette.requests import Request

from models.sandbox.worker import WorkerSettings
from service.api.uploads import Room
from service.keys import Keys
from service.metrics import Metrics
from service.model import Model
from service.problems import Code, Problem
from service.settings import Settings
from service.workers.pool import Workers
from service.workers.singleflight import Flights

log = logging.getLogger(__name__)

_SWITCH_S = 0.0005
"""Seconds for which the event loop waits for the interpreter while a search runs, several times in each request."""

STOPPING = "The service is stopping; ask another copy."
"""What a clip is told that comes in while the service drains: it was not accepted."""

P = ParamSpec("P")
T = TypeVar("T")


def service_of(request: Request) -> "Service":
    """Return the service that a request was sent to."""
    service: Service = request.app.state.service
    return service


class Service:
    """Everything that requests share.

    Attributes
    ----------
    settings : Settings
    metrics : Metrics
    spool : Path
        Private folder of uploads and of the model's copy; gone when the service is.
    room : Room
        For uploads in the spool.
    workers : Workers
    flights : Flights
    keys : Keys or None
    clips : int
        Requests that hold a clip or are about to send one.
    draining : bool
        The service is about to stop: clips under way are finished, new ones refused.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.spool = Path(tempfile.gettempdir())
        self.room = Room(settings.uploads_mb * 2**20)
        self.workers = Workers(
            settings.workers,
            WorkerSettings(settings.worker_memory_mb * 2**20, settings.deadline_s, settings.limits),
            recycle=settings.recycle,
            metrics=self.metrics,
        )
        self.flights = Flights(
            self.workers,
            queue=settings.queue,
            cache=settings.cache,
            deadline_s=settings.deadline_s,
            metrics=self.metrics,
        )
        self.metrics.queue_depth.set_function(lambda: self.workers.waiting)
        self.metrics.upload_bytes.set_function(lambda: self.room.taken)
        self.clips = 0
        self.draining = False
        self._model: Model | None = None
        # One thread for embedding and search: they take milliseconds, and more would only compete for the GIL.
        self._thread = ThreadPoolExecutor(1, "compute")
        self._starting: asyncio.Task[None] | None = None
        self._reloading = asyncio.Lock()
        self._reloads: set[asyncio.Task[None]] = set()
        self.keys = Keys(settings.keys_file) if settings.keys_file is not None else None
        self._clips_of_key: Counter[str] = Counter()

    def start(self) -> None:
        """Load the model and start the workers, in the background."""
        sys.setswitchinterval(_SWITCH_S)
        self.spool = Path(tempfile.mkdtemp(prefix="tag2vec-"))
        self._starting = asyncio.create_task(self._start())

    async def _start(self) -> None:
        try:
            model = await self.compute(Model, self.settings.bundle, self.spool, self.settings.deny_file)
        except Exception:
            log.exception("the model cannot be loaded")
            return
        self.metrics.uses(model.bundle)
        self._model = model
        self.workers.start(model.folder)

    async def stop(self) -> None:
        """End everything that `start` began, and leave no process; the server removes the spool when all is over."""
        self.draining = True
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait({self._starting})
        for task in self._reloads:
            task.cancel()
        await self.workers.stop()
        self._thread.shutdown(cancel_futures=True)

    def clear(self) -> None:
        """Remove the spool, once nothing runs any more that could write to it."""
        if self._starting is not None:
            shutil.rmtree(self.spool, ignore_errors=True)

    def model_now(self) -> Model:
        """Return the model to answer a new request with.

        Raises
        ------
        Problem
            `not_ready` until the model is loaded and every worker is warm, `shutting_down` from then on that the
            service drains.
        """
        if self.draining:
            raise Problem(Code.shutting_down, STOPPING, headers={"Retry-After": "5"})
        if self._model is None or not self.workers.ready:
            raise Problem(
                Code.not_ready, "The service is starting: model or workers are not ready.", headers={"Retry-After": "5"}
            )
        return self._model

    @contextmanager
    def clip(self, key: str | None) -> Iterator[Model]:
        """Hold a place for one clip of a key's owner; yields the model that it is to be answered with.

        Raises
        ------
        Problem
            `queue_full`, `key_busy`, `not_ready` or `shutting_down`.
        """
        model = self.model_now()
        self.flights.admit()
        if key is not None and self._clips_of_key[key] >= self.settings.clips_per_key:
            raise Problem(
                Code.key_busy,
                f"{self.settings.clips_per_key} clips of this key are under way already. Wait for one of them.",
                headers={"Retry-After": str(self.workers.wait_s(1))},
            )
        self._count(model, key, 1)
        try:
            yield model
        finally:
            self._count(model, key, -1)
            if not model.users and model is not self._model:
                model.discard()

    def _count(self, model: Model, key: str | None, change: int) -> None:
        self.clips += change
        model.users += change
        if key is not None:
            self._clips_of_key[key] += change

    def reload(self) -> None:
        """Read keys and model again, in the background; what is broken is refused and the old one kept.

        Requests under way finish with the model that they began with.
        """
        task = asyncio.create_task(self._reload())
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)

    async def _reload(self) -> None:
        async with self._reloading:
            old = self._model
            if old is None:
                return
            try:
                if self.keys is not None:
                    self.keys.reload()
                model = await asyncio.to_thread(Model, self.settings.bundle, self.spool, self.settings.deny_file)
            except Exception:
                self.metrics.reloads.labels("failed").inc()
                log.exception("reload failed; the old keys or the old model are kept")
                return
            self._model = model
            self.workers.use(model.folder)
            self.metrics.uses(model.bundle)
            self.metrics.reloads.labels("ok").inc()
            log.info("reloaded", extra={"data": {"model": model.bundle.sha256}})
            if not old.users:
                old.discard()

    async def compute(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function on the thread kept for embedding and search."""
        call = partial(function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)
