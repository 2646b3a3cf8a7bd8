"""The service's parts, composed; they start, reload and stop together."""

import asyncio
import logging
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.requests import Request

from models.sandbox.confinement import Measure, hide_memory
from models.sandbox.worker import WorkerSettings
from service.admission import Admission
from service.api.uploads import UploadQuota
from service.compute import ComputeThread
from service.feedback import Feedback
from service.keys import Keys
from service.metrics import Metrics
from service.model import Model
from service.problems import Code, Problem
from service.progress import Requests
from service.settings import Settings
from service.workers.pool import Workers
from service.workers.singleflight import Singleflight

log = logging.getLogger(__name__)

STOPPING = "The service is shutting down. Retry on another instance."
"""What a clip is told that arrives while the service drains: it was not accepted."""


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
        Private folder for uploads and for the model's copy; gone when the service is.
    upload_quota : UploadQuota
        For uploads in the spool.
    workers : Workers
    admission : Admission
    singleflight : Singleflight
    requests : Requests
    compute : ComputeThread
    keys : Keys or None
    feedback : Feedback or None
    draining : bool
        The service is about to stop: clips under way are finished, new ones refused.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.spool = Path(tempfile.gettempdir())
        self.upload_quota = UploadQuota(settings.uploads_mb * 2**20)
        self.workers = Workers(
            settings.workers,
            WorkerSettings(settings.worker_memory_mb * 2**20, settings.deadline_s, settings.limits),
            recycle=settings.recycle,
            metrics=self.metrics,
        )
        self.admission = Admission(self.workers, queue=settings.queue, clips_per_key=settings.clips_per_key)
        self.singleflight = Singleflight(
            self.workers,
            self.admission,
            cache=settings.cache,
            deadline_s=settings.deadline_s,
            metrics=self.metrics,
        )
        self.requests = Requests(self.workers)
        self.compute = ComputeThread()
        self.keys = Keys(settings.keys_file) if settings.keys_file is not None else None
        self.metrics.queue_depth.set_function(lambda: self.workers.waiting)
        self.metrics.upload_bytes.set_function(lambda: self.upload_quota.taken)
        self.feedback = Feedback(settings.feedback) if settings.feedback is not None else None
        self.draining = False
        self._memory_is_hidden = False
        self._model: Model | None = None
        self._starting: asyncio.Task[None] | None = None
        self._reloading = asyncio.Lock()
        self._reloads: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Load the model and start the workers, in the background."""
        self.spool = Path(tempfile.mkdtemp(prefix="tag2vec-"))
        self._memory_is_hidden = hide_memory()
        self._starting = asyncio.create_task(self._start())

    async def _start(self) -> None:
        began = time.monotonic()
        log.info("loading the model")
        try:
            model = await self.compute.run(self._copy_of_bundle)
            self.workers.start(model.folder)  # while this process reads its own part of the model
            await self.compute.run(model.load)
        except Exception:
            log.exception("the model cannot be loaded")
            return
        self.metrics.uses(model.bundle)
        self._model = model
        seconds = round(time.monotonic() - began, 1)
        log.info("model loaded", extra={"data": {"model": model.bundle.sha256, "seconds": seconds}})
        await self.workers.warm.wait()
        seconds = round(time.monotonic() - began, 1)
        log.info("workers ready", extra={"data": {"workers": self.workers.count, "seconds": seconds}})
        if missing := self.missing_measures:
            log.warning("sandbox: this system lacks %s", ", ".join(missing))

    @property
    def missing_measures(self) -> list[Measure]:
        """What of the sandbox this system lacks; complete once the workers are ready."""
        missing = self.workers.missing | (set() if self._memory_is_hidden else {Measure.private_memory})
        return sorted(missing)

    def _copy_of_bundle(self) -> Model:
        settings = self.settings
        return Model(settings.bundle, self.spool, settings.deny_file, settings.kinds_file, settings.trends_file)

    async def stop(self) -> None:
        """End everything that `start` began, and leave no process; the server removes the spool when all is over."""
        self.draining = True
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait({self._starting})
        for task in self._reloads:
            task.cancel()
        await self.workers.stop()
        self.compute.stop()

    def clear(self) -> None:
        """Remove the spool, once nothing runs any more that could write to it."""
        if self._starting is not None:
            shutil.rmtree(self.spool, ignore_errors=True)

    def model_now(self) -> Model:
        """Return the model to answer a new request with.

        Raises
        ------
        Problem
            `not_ready` until the model is loaded and every worker is warm, `shutting_down` once the service drains.
        """
        if self.draining:
            raise Problem(Code.shutting_down, STOPPING, headers={"Retry-After": "5"})
        if self._model is None or not self.workers.ready:
            raise Problem(
                Code.not_ready, "The service is starting. Try again in a few seconds.", headers={"Retry-After": "5"}
            )
        return self._model

    @contextmanager
    def clip(self, key: str | None) -> Iterator[Model]:
        """Let in a request that is about to send a clip; yields the model to answer it with.

        Raises
        ------
        Problem
            `queue_full`, `key_busy`, `not_ready` or `shutting_down`.
        """
        model = self.model_now()
        with self.admission.request(key), model.in_use():
            yield model

    def reload(self) -> None:
        """Read keys and model again, in the background; where one is unusable, the old ones are kept.

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
                model = await asyncio.to_thread(self._loaded)
            except Exception:
                self.metrics.reloads.labels("failed").inc()
                log.exception("reload failed; the old keys or the old model stay in use")
                return
            self._model = model
            self.workers.use(model.folder)
            self.metrics.uses(model.bundle)
            self.metrics.reloads.labels("ok").inc()
            log.info("reloaded", extra={"data": {"model": model.bundle.sha256}})
            old.retire()

    def _loaded(self) -> Model:
        model = self._copy_of_bundle()
        try:
            model.load()
        except BaseException:
            model.retire()
            raise
        return model
