"""What has become of a clip that somebody waits for, by the ID of the request that brought it."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from models.pipeline import Answer
from service.workers.pool import Workers

State = Literal["receiving", "waiting", "analysing", "done"]
Stage = Literal["encode", "suggest"]

_REMEMBERED: Final = 1000
"""Requests that are remembered once they are done."""


@dataclass
class Progress:
    """How far a request has got.

    Attributes
    ----------
    key : str or None
        Name of the key that it came with: nobody else learns of it.
    job : Path or None
        Folder of its clip, once that waits for a worker; or that of a copy of the clip under way.
    stage : Stage or None
        What is done with its clip.
    done : bool
    model : str
        SHA-256 of the model that answered; empty if none did.
    relevance : dict of str to float
        Of each hashtag of the answer.
    any_right : float
        See `models.pipeline.Answer`.
    feedback : int or None
        Number of the entry of feedback about it.
    """

    key: str | None
    job: Path | None = None
    stage: Stage | None = None
    done: bool = False
    model: str = ""
    relevance: dict[str, float] = field(default_factory=dict)
    any_right: float = 1.0
    feedback: int | None = None

    def queued(self, job: Path) -> None:
        """Take notice that the clip in this folder waits for a worker, or is with one."""
        self.job, self.stage = job, "encode"

    def encoded(self) -> None:
        """Take notice that the clip is encoded."""
        self.stage = "suggest"

    def answered(self, model: str, answer: Answer) -> None:
        """Remember an answer, for feedback on it."""
        self.model, self.any_right = model, answer.any_right
        self.relevance = {found.tag: found.relevance for found in answer.hashtags}


class Requests:
    """Requests under way, and the last ones that are done."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._under_way: dict[str, Progress] = {}
        self._done: OrderedDict[str, Progress] = OrderedDict()

    @contextmanager
    def follow(self, request_id: str, key: str | None) -> Iterator[Progress]:
        """Remember a request; of several with one ID, the last one."""
        progress = self._under_way[request_id] = Progress(key)
        try:
            yield progress
        finally:
            progress.done = True
            if self._under_way.get(request_id) is progress:
                del self._under_way[request_id]
            self._done[request_id] = progress
            self._done.move_to_end(request_id)
            if len(self._done) > _REMEMBERED:
                self._done.popitem(last=False)

    def find(self, request_id: str, key: str | None) -> Progress | None:
        """Return what is known of a request that came with this key."""
        progress = self._under_way.get(request_id) or self._done.get(request_id)
        return progress if progress is not None and progress.key == key else None

    def state(self, progress: Progress) -> tuple[State, int | None, Stage | None]:
        """Return the state of a request, its place in the queue from 1 while it waits, and its stage otherwise."""
        if progress.done:
            return "done", None, None
        if progress.stage is None or progress.job is None:
            return "receiving", None, None
        place = self._workers.place(progress.job) if progress.stage == "encode" else None
        return ("analysing", None, progress.stage) if place is None else ("waiting", place, None)
