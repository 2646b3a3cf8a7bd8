"""Workers may die, hang and grow old; only the clip in them is lost."""

import asyncio
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import create_autospec

import pytest

from models.sandbox.worker import WorkerSettings
from models.video.limits import VideoLimits
from service.metrics import Metrics
from service.workers.pool import Workers
from service.workers.process import WorkerProcess
from tests.clips import drifting, write
from tests.service.conftest import Serve
from tests.service.running import Running, problem
from tests.service.sockets import head


def test_first_come_first_served_as_a_worker_gets_free() -> None:
    async def order_of(clips: int) -> list[int]:
        workers = Workers(1, WorkerSettings(0, 1.0, VideoLimits()), recycle=0, metrics=Metrics())
        process = create_autospec(WorkerProcess, instance=True, dead=asyncio.Future())
        turns: list[int] = []
        tasks: list[asyncio.Task[None]] = []

        async def clip(number: int) -> None:
            free = await workers._next(Path(str(number)), asyncio.get_running_loop().time() + 10)
            turns.append(number)
            if len(tasks) < clips:
                tasks.append(asyncio.create_task(clip(len(tasks))))
            workers._release(free)

        tasks += [asyncio.create_task(clip(number)) for number in range(4)]
        await asyncio.sleep(0)
        workers._release(process)
        while not all(task.done() for task in tasks):
            await asyncio.sleep(0)
        return turns

    assert asyncio.run(order_of(20)) == list(range(20))


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGSEGV])
def test_death_of_a_worker_costs_its_clip_alone(
    server: Running, clip: bytes, slow_clip: bytes, pool: ThreadPoolExecutor, signal_number: int
) -> None:
    server.wait_until(lambda: server.in_state("free") == 2)
    before = server.restarts("died")
    doomed = pool.submit(server.suggest, slow_clip)
    pid = server.busy_worker()
    others = [pool.submit(server.suggest, clip) for _ in range(4)]
    os.kill(pid, signal_number)
    assert problem(doomed) == (503, "worker_died")
    assert [other.result(280).status_code for other in others] == [200] * 4
    assert server.restarts("died") == before + 1
    server.wait_until(lambda: len(server.workers()) == 2)
    assert server.client.get("/readyz").status_code == 200
    server.wait_until(lambda: not server.uploads())


def test_death_of_an_idle_worker_costs_nothing(server: Running, clips: Path) -> None:
    server.wait_until(lambda: server.in_state("free") == 2)
    before = server.restarts("died")
    (first, second) = server.workers()
    os.kill(first, signal.SIGKILL)
    os.kill(second, signal.SIGKILL)
    server.wait_until(lambda: server.restarts("died") == before + 2)
    for seed in range(60, 64):
        clip = write(clips / f"after{seed}.mp4", drifting(20, seed=seed)).read_bytes()
        assert server.suggest(clip).status_code == 200
    assert not {first, second} & server.workers().keys()


def test_deadline(start: Serve, slow_clip: bytes) -> None:
    with start(workers=1, deadline_s=2) as server:
        began = time.monotonic()
        response = server.suggest(slow_clip)
        assert (response.status_code, response.json()["code"]) == (504, "deadline_exceeded")
        assert time.monotonic() - began >= 2
        assert server.restarts("deadline") == 1
        server.wait_until(lambda: server.in_state("free") == 1)


def test_client_that_leaves_frees_its_worker(tight: Running, clip: bytes, slow_clip: bytes) -> None:
    tight.wait_until(lambda: tight.suggest(clip).status_code == 200)
    before = tight.restarts("cancelled")
    with socket.create_connection(("127.0.0.1", tight.port)) as connection:
        connection.sendall(head("Content-Type: video/mp4", f"Content-Length: {len(slow_clip)}") + slow_clip)
        pid = tight.busy_worker()
    tight.wait_until(lambda: pid not in tight.workers())
    assert tight.restarts("cancelled") == before + 1
    tight.wait_until(lambda: not tight.uploads())
    tight.wait_until(lambda: tight.suggest(clip).status_code == 200)


def test_a_clip_uses_all_processors_while_it_is_alone(
    start: Serve, steady_clip: bytes, pool: ThreadPoolExecutor
) -> None:
    def threads(pid: int) -> int:
        return len(list(Path(f"/proc/{pid}/task").iterdir()))

    with start(workers=2, threads=2, cache=0) as server:
        idle = {pid: threads(pid) for pid in server.workers()}

        def first_has_helpers() -> bool:
            with server.held():
                first = pool.submit(server.suggest, steady_clip)
                server.wait_until(lambda: server.in_state("busy") == 1)
                second = pool.submit(server.suggest, steady_clip + b"\0")
                server.wait_until(lambda: server.in_state("busy") == 2)
            helpers = dict.fromkeys(idle, 0)
            while not (first.done() and second.done()):
                helpers = {pid: max(most, threads(pid) - idle[pid]) for pid, most in helpers.items()}
                time.sleep(0.01)
            assert first.result().json()["hashtags"] == second.result().json()["hashtags"]
            assert min(helpers.values()) == 0, "the second clip was not alone"
            return max(helpers.values()) > 0

        # Helpers end with their clip: whoever looks too seldom misses them.
        server.wait_until(first_has_helpers)


def test_worker_is_recycled(start: Serve, clip: bytes) -> None:
    with start(workers=1, recycle=2, cache=0) as server:
        (first,) = server.workers()

        def recycled() -> bool:
            assert server.suggest(clip).status_code == 200
            assert server.in_state("free") + server.in_state("busy") >= 1, "the old one left before the new one came"
            return server.restarts("recycled") == 2

        server.wait_until(recycled)
        server.wait_until(lambda: server.in_state("starting") == 0 and len(server.workers()) == 1)
        assert first not in server.workers()


def test_old_worker_that_dies_has_one_successor(start: Serve, clip: bytes) -> None:
    with start(workers=1, recycle=1, cache=0) as server:
        (first,) = server.workers()
        assert server.suggest(clip).status_code == 200
        os.kill(first, signal.SIGKILL)
        server.wait_until(lambda: first not in server.workers())
        server.wait_until(lambda: server.in_state("starting") == 0 and server.in_state("free") == 1)
        assert len(server.workers()) == 1
        assert server.restarts("recycled") == 1
