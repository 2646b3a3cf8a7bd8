"""Same clip, same answer: encodings are cached by content and model, and copies of one clip are computed once.

This is also the first gate: a clip that would have to wait behind too many others is refused at once.
"""

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path

from models.encoded_clip import EncodedClip
from models.sandbox import results
from service.api.uploads import Upload
from service.metrics import Metrics
from service.model import Model
from service.problems import Code, Problem
from service.workers.pool import Workers

log = logging.getLogger(__name__)

Key = tuple[str, str]
"""SHA-256 of the model and of the clip."""


@dataclass
class _Flight:
    task: "asyncio.Task[EncodedClip]"
    waiters: int = 0


class Flights:
    """Clips under way, and those that were encoded lately."""

    def __init__(self, workers: Workers, *, queue: int, cache: int, deadline_s: float, metrics: Metrics) -> None:
        self._workers = workers
        self._queue = queue
        self._deadline_s = deadline_s
        self._metrics = metrics
        self._flights: dict[Key, _Flight] = {}
        self._cached: OrderedDict[Key, EncodedClip] = OrderedDict()
        self._cache = cache

    def admit(self) -> None:
        """Refuse a clip for which there is no place.

        Raises
        ------
        Problem
            `queue_full`, with `Retry-After` from the measured service time.
        """
        if len(self._flights) >= self._workers.count + self._queue:
            seconds = self._workers.wait_s(self._workers.waiting + 1)
            raise Problem(
                Code.queue_full,
                f"{self._workers.waiting} clips are waiting already. Try again in {seconds} s.",
                headers={"Retry-After": str(seconds)},
            )

    async def encode(self, model: Model, upload: Upload) -> EncodedClip:
        """Return the encoding of an uploaded clip (with timings of 0 if it was known) and remove the upload.

        The clip's worker is stopped when nobody waits for it any more.

        Raises
        ------
        Problem
            What is wrong with the clip, or why it could not be worked on.
        """
        key = model.bundle.sha256, upload.sha256
        if key in self._cached:
            self._metrics.cache.labels("hit").inc()
            upload.discard()
            self._cached.move_to_end(key)
            encoded = self._cached[key]
            return replace(encoded, timings_ms=dict.fromkeys(encoded.timings_ms, 0.0))
        flight = self._flights.get(key)
        if flight is not None:
            self._metrics.cache.labels("joined").inc()
            upload.discard()
        else:
            try:
                self.admit()
            except Problem:
                upload.discard()
                raise
            self._metrics.cache.labels("miss").inc()
            flight = self._flights[key] = _Flight(asyncio.create_task(self._fly(key, model, upload)))
        flight.waiters += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiters -= 1
            if not flight.waiters and not flight.task.done():
                # Off the list at once: the next copy of this clip must not join a flight that is being cancelled.
                self._flights.pop(key, None)
                flight.task.cancel()

    async def _fly(self, key: Key, model: Model, upload: Upload) -> EncodedClip:
        loop = asyncio.get_running_loop()
        try:
            await self._workers.run(upload.folder, model.folder, loop.time() + self._deadline_s)
            encoded = await asyncio.to_thread(_landed, upload.folder, model.dimensions)
        finally:
            if (flight := self._flights.get(key)) is not None and flight.task is asyncio.current_task():
                del self._flights[key]
            upload.discard()
        self._metrics.encoded(encoded)
        if self._cache:
            self._cached[key] = encoded
            if len(self._cached) > self._cache:
                self._cached.popitem(last=False)
        return encoded


def _landed(folder: Path, dimensions: int) -> EncodedClip:
    try:
        result = results.read(folder, dimensions)
    except (OSError, ValueError) as error:
        log.error("a worker's result is unreadable", extra={"data": {"error": repr(error)}})
        raise Problem(Code.internal_error, "The worker's result is unreadable.") from error
    if isinstance(result, EncodedClip):
        return result
    if result.code == "internal_error" or result.code not in Code.__members__:
        log.error("a worker failed", extra={"data": {"error": result.message}})
        raise Problem(Code.internal_error, "The service failed on this clip.")
    raise Problem(Code[result.code], result.message)
