"""Singleflight: copies of a clip are encoded once, and what was encoded lately is cached by content and model."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from models.encoded_clip import EncodedClip, EncodedLengths
from models.sandbox import results
from models.video.excerpt import WHOLE, Excerpt
from service.admission import Admission
from service.api.uploads import Upload
from service.metrics import Metrics
from service.model import Model
from service.problems import Code, Problem
from service.workers.pool import Workers

log = logging.getLogger(__name__)

Key = tuple[str, str, Excerpt, bool, bool]
"""SHA-256 of the model and of the clip, the part of it, and whether its tracks and its slots are wanted, too."""


@dataclass
class _Call:
    task: "asyncio.Task[EncodedClip]"
    job: Path
    waiters: int = 0


class Singleflight:
    """Encodes clips: one call for all copies of a clip that arrive while it is under way, none for one in the cache."""

    def __init__(
        self, workers: Workers, admission: Admission, *, cache: int, deadline_s: float, metrics: Metrics
    ) -> None:
        self._workers = workers
        self._admission = admission
        self._deadline_s = deadline_s
        self._metrics = metrics
        self._calls: dict[Key, _Call] = {}
        self._cached: OrderedDict[Key, EncodedClip] = OrderedDict()
        self._cache = cache

    async def encode(
        self,
        model: Model,
        upload: Upload,
        excerpt: Excerpt = WHOLE,
        queued: Callable[[Path], None] = lambda _: None,
        *,
        tracks: bool = False,
        explain: bool = False,
    ) -> EncodedClip:
        """Return the encoding of an excerpt of an uploaded clip, and remove the upload; timings are 0 if it was cached.

        The worker is stopped when nobody waits for the clip any more. `queued` is called with the folder of the clip
        that waits for a worker, which may be that of a copy.

        Raises
        ------
        Problem
            `queue_full` where no place is free, and whatever is wrong with the clip or befell its worker.
        """
        key = model.bundle.sha256, upload.sha256, excerpt, tracks, explain
        if key in self._cached:
            self._metrics.cache.labels("hit").inc()
            upload.discard()
            self._cached.move_to_end(key)
            encoded = self._cached[key]
            return replace(encoded, timings_ms=dict.fromkeys(encoded.timings_ms, 0.0))
        call = self._calls.get(key)
        if call is not None:
            self._metrics.cache.labels("joined").inc()
            upload.discard()
        else:
            call = self._begin(key, model, upload)
        queued(call.job)
        call.waiters += 1
        try:
            return await asyncio.shield(call.task)
        finally:
            call.waiters -= 1
            if not call.waiters and not call.task.done():
                # Forgotten at once: the next copy of this clip must not join a call that is being cancelled.
                self._forget(key, call)
                call.task.cancel()

    def _begin(self, key: Key, model: Model, upload: Upload) -> _Call:
        try:
            self._admission.reserve()
        except Problem:
            upload.discard()
            raise
        self._metrics.cache.labels("miss").inc()
        call = self._calls[key] = _Call(asyncio.create_task(self._run(key, model, upload)), upload.folder)
        # Not in the task itself, which never starts if it is cancelled early enough.
        call.task.add_done_callback(partial(self._ended, key, call, upload))
        return call

    def _ended(self, key: Key, call: _Call, upload: Upload, _: "asyncio.Task[EncodedClip]") -> None:
        self._forget(key, call)
        self._admission.release()
        upload.discard()

    def _forget(self, key: Key, call: _Call) -> None:
        if self._calls.get(key) is call:
            del self._calls[key]

    async def _run(self, key: Key, model: Model, upload: Upload) -> EncodedClip:
        loop = asyncio.get_running_loop()
        _, _, excerpt, tracks, explain = key
        deadline = loop.time() + self._deadline_s
        await self._workers.run(upload.folder, model.folder, deadline, excerpt, tracks=tracks, explain=explain)
        encoded = await asyncio.to_thread(read_result, upload.folder, model.bundle.lengths)
        self._metrics.encoded(encoded)
        if self._cache:
            self._cached[key] = encoded
            if len(self._cached) > self._cache:
                self._cached.popitem(last=False)
        return encoded


def read_result(folder: Path, lengths: EncodedLengths) -> EncodedClip:
    """Read what a worker left in the folder of a clip.

    Raises
    ------
    Problem
        What is wrong with the clip, or `internal_error`.
    """
    try:
        result = results.read(folder, lengths)
    except (OSError, ValueError) as error:
        log.error("a worker left no readable result", extra={"data": {"error": repr(error)}})
        raise Problem(Code.internal_error, "The worker left no readable result.") from error
    if isinstance(result, EncodedClip):
        return result
    if result.code == "internal_error" or result.code not in Code.__members__:
        log.error("a worker failed", extra={"data": {"error": result.message}})
        raise Problem(Code.internal_error, "The service failed to analyse this clip.")
    raise Problem(Code[result.code], result.message)
