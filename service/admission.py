"""Admission: how many clips may be under way, in all and for one key; beyond that, 429."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from service.problems import Code, Problem
from service.workers.pool import Workers


class Admission:
    """Hands out `places`, one for each clip that a worker encodes or that waits for a worker.

    A clip takes its place when its upload is complete, not when its request arrives: otherwise a few hundred clients
    that send a byte a second would hold every place and shut everybody else out. A copy of a clip under way and a clip
    from the cache cost no worker, and so take no place. A request that finds every place taken as it arrives is
    refused at once, before it sends its body, though nothing is reserved for one that is let in: it may still be
    refused when its upload is complete.

    Attributes
    ----------
    places, taken : int
        How many there are, and how many are taken: never more than there are.
    requests : int
        Requests let in that have not been answered yet.
    """

    def __init__(self, workers: Workers, *, queue: int, clips_per_key: int) -> None:
        self.places = workers.count + queue
        self.taken = 0
        self.requests = 0
        self._workers = workers
        self._clips_per_key = clips_per_key
        self._requests_of_key: Counter[str] = Counter()

    @contextmanager
    def request(self, key: str | None) -> Iterator[None]:
        """Let in a request that is about to send a clip, and count it until it is answered.

        Raises
        ------
        Problem
            `queue_full` or `key_busy`, with `Retry-After` from the measured time of a clip.
        """
        self._require_place()
        if key is not None and self._requests_of_key[key] >= self._clips_per_key:
            raise Problem(
                Code.key_busy,
                f"This key already has {self._clips_per_key} clips under way. Wait for one of them to finish.",
                headers={"Retry-After": str(self._workers.wait_s(1))},
            )
        self._count(key, 1)
        try:
            yield
        finally:
            self._count(key, -1)

    def reserve(self) -> None:
        """Take a place.

        Raises
        ------
        Problem
            `queue_full`, with `Retry-After` from the measured time of a clip.
        """
        self._require_place()
        self.taken += 1

    def release(self) -> None:
        """Give a place back."""
        self.taken -= 1

    def _require_place(self) -> None:
        if self.taken >= self.places:
            seconds = self._workers.wait_s(self._workers.waiting + 1)
            raise Problem(
                Code.queue_full,
                f"The queue is full: {self._workers.waiting} clips are waiting. Try again in {seconds} s.",
                headers={"Retry-After": str(seconds)},
            )

    def _count(self, key: str | None, change: int) -> None:
        self.requests += change
        if key is not None:
            self._requests_of_key[key] += change
            if not self._requests_of_key[key]:
                del self._requests_of_key[key]
