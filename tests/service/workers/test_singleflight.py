"""Copies of a clip, and how many clips may be under way."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.appearance import Appearance
from models.encoded_clip import EncodedClip, EncodedLengths
from models.video.info import VideoInfo
from service.admission import Admission
from service.api.uploads import Upload
from service.metrics import Metrics
from service.model import Model
from service.problems import Code, Problem
from service.workers.pool import Workers
from service.workers.singleflight import Singleflight
from tests.service.running import Running
from tests.service.sockets import head

ENCODED = EncodedClip(
    fisher=np.zeros(1, np.float32),
    appearance=Appearance(np.zeros(2, np.float32), np.ones(1, np.float32)),
    video=VideoInfo(duration_s=1, fps=30, width=4, height=4, analysed_s=1.0, frames_used=30),
    trajectories=1,
    timings_ms={"decode": 1.0},
    warnings=[],
)


class Endless:
    """Workers whose clips end when the test says so."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.waiting = 0
        self.under_way: list[asyncio.Future[None]] = []

    async def run(self, *_: object) -> None:
        end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.under_way.append(end)
        try:
            await end
        finally:
            self.under_way.remove(end)

    def wait_s(self, ahead: int) -> int:
        return ahead


class Scenario:
    """Clients that post clips and leave, and workers that finish and fail, one step after the other."""

    def __init__(self, workers: int, queue: int, cache: int) -> None:
        self.workers = Endless(workers)
        self.admission = Admission(cast("Workers", self.workers), queue=queue, clips_per_key=1)
        self.singleflight = Singleflight(
            cast("Workers", self.workers), self.admission, cache=cache, deadline_s=1, metrics=Metrics()
        )
        bundle = SimpleNamespace(sha256="", lengths=EncodedLengths(1, 2, 1))
        self.model = cast("Model", SimpleNamespace(bundle=bundle, folder=Path()))
        self.clients: list[tuple[int, asyncio.Task[EncodedClip]]] = []
        self.uploads = 0
        self.discarded = 0

    def _discard(self) -> None:
        self.discarded += 1

    async def post(self, clip: int) -> None:
        copy_under_way = clip in {number for number, _ in self.clients}
        full = self.admission.taken == self.admission.places
        upload = cast("Upload", SimpleNamespace(folder=Path(), sha256=str(clip), discard=self._discard))
        self.uploads += 1
        task = asyncio.create_task(self.singleflight.encode(self.model, upload))
        self.clients.append((clip, task))
        await self._settle()
        if copy_under_way:
            assert not task.done() or task.exception() is None
        elif full and task.done() and (error := task.exception()) is not None:
            assert isinstance(error, Problem)
            assert error.code is Code.queue_full
        else:
            assert not full or task.done(), "a clip got in although no place was free"
        await self._settle()

    async def finish(self, number: int) -> None:
        if under_way := self.workers.under_way:
            under_way[number % len(under_way)].set_result(None)
        await self._settle()

    async def fail(self, number: int) -> None:
        if under_way := self.workers.under_way:
            under_way[number % len(under_way)].set_exception(Problem(Code.worker_died, ""))
        await self._settle()

    async def leave(self, number: int) -> None:
        if self.clients:
            self.clients[number % len(self.clients)][1].cancel()
        await self._settle()

    async def _settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)
            assert len(self.workers.under_way) <= self.admission.taken <= self.admission.places
        for _, task in self.clients:
            if task.done() and not task.cancelled():
                task.exception()
        self.clients = [(clip, task) for clip, task in self.clients if not task.done()]
        assert self.admission.taken == len(self.workers.under_way) == len({clip for clip, _ in self.clients})


STEPS = st.lists(
    st.tuples(st.sampled_from(["post", "post", "finish", "fail", "leave"]), st.integers(0, 7)), max_size=60
)


@given(workers=st.integers(1, 3), queue=st.integers(0, 3), cache=st.integers(0, 3), steps=STEPS)
@settings(deadline=None)
def test_clips_under_way_never_exceed_the_places(
    workers: int, queue: int, cache: int, steps: list[tuple[str, int]]
) -> None:
    """Copies of a clip under way, and clips from the cache, take no place; every upload is removed once."""

    async def at_once(*_: Any) -> EncodedClip:
        return ENCODED

    async def play() -> Scenario:
        scenario = Scenario(workers, queue, cache)
        for kind, number in steps:
            await getattr(scenario, kind)(number)
        while scenario.clients:
            await scenario.leave(0)
        return scenario

    with patch.object(asyncio, "to_thread", at_once):
        scenario = asyncio.run(play())
    assert scenario.admission.taken == 0
    assert scenario.discarded == scenario.uploads


def test_copies_are_encoded_once_and_outlive_the_first(
    server: Running, steady_clip: bytes, pool: ThreadPoolExecutor
) -> None:
    joined = ("tag2vec_cache_total", ("joined",))
    before, cancelled = server.metrics(), server.restarts("cancelled")
    content = steady_clip
    with server.held(), socket.create_connection(("127.0.0.1", server.port)) as first:
        first.sendall(head("Content-Type: video/mp4", f"Content-Length: {len(content)}") + content)
        server.wait_until(lambda: server.in_state("busy"))
        second = pool.submit(server.suggest, content)
        server.wait_until(lambda: server.metrics()[joined] == before[joined] + 1)
    assert second.result(280).status_code == 200
    assert server.restarts("cancelled") == cancelled
