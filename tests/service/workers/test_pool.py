"""Workers may die, hang and be full; only the clip in them is lost."""

import asyncio
import os
import signal
import socket
import subprocess
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from unittest.mock import create_autospec

import httpx
import pytest

from models.sandbox.worker import WorkerSettings
from models.video.limits import VideoLimits
from service.metrics import Metrics
from service.workers.pool import Workers
from service.workers.process import WorkerProcess
from tests.clips import drifting, write
from tests.service.api.test_uploads import head
from tests.service.conftest import Serve
from tests.service.running import Running, alive, children


@pytest.fixture
def pool() -> ThreadPoolExecutor:
    """Threads to wait for answers on."""
    return ThreadPoolExecutor(8)


def problem(answer: "Future[httpx.Response]") -> tuple[int, str]:
    response = answer.result(60)
    return response.status_code, response.json()["code"]


def restarts(server: Running, cause: str) -> float:
    return server.metrics()["tag2vec_worker_restarts_total", (cause,)]


def test_first_come_first_served_even_where_one_comes_as_a_worker_gets_free() -> None:
    async def order_of(clips: int) -> list[int]:
        workers = Workers(1, WorkerSettings(0, 1.0, VideoLimits()), recycle=0, metrics=Metrics())
        process = create_autospec(WorkerProcess, instance=True, dead=asyncio.Future())
        turns: list[int] = []
        tasks: list[asyncio.Task[None]] = []

        async def clip(number: int) -> None:
            free = await workers._next(asyncio.get_running_loop().time() + 10)
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
    before = restarts(server, "died")
    doomed = pool.submit(server.suggest, slow_clip)
    pid = server.busy_worker()
    others = [pool.submit(server.suggest, clip) for _ in range(4)]
    os.kill(pid, signal_number)
    assert problem(doomed) == (503, "worker_died")
    assert [other.result(60).status_code for other in others] == [200] * 4
    assert restarts(server, "died") == before + 1
    server.wait_until(lambda: len(server.workers()) == 2)
    assert server.client.get("/readyz").status_code == 200
    server.wait_until(lambda: not server.uploads())


def test_death_of_an_idle_worker_costs_nothing(server: Running, clips: Path) -> None:
    server.wait_until(lambda: server.in_state("free") == 2)
    (first, second) = server.workers()
    os.kill(first, signal.SIGKILL)
    os.kill(second, signal.SIGKILL)
    for seed in range(60, 64):
        clip = write(clips / f"after{seed}.mp4", drifting(20, seed=seed)).read_bytes()
        assert server.suggest(clip).status_code == 200
    assert not {first, second} & server.workers().keys()


def test_deadline(tight: Running, clip: bytes, slow_clip: bytes) -> None:
    began = time.monotonic()
    response = tight.suggest(slow_clip)
    assert (response.status_code, response.json()["code"]) == (504, "deadline_exceeded")
    assert 3.9 < time.monotonic() - began < 5.5
    assert restarts(tight, "deadline") > 0
    tight.wait_until(lambda: tight.suggest(clip).status_code == 200)


def test_full_queue_refuses_at_once(tight: Running, clip: bytes, slow_clip: bytes, pool: ThreadPoolExecutor) -> None:
    working, waiting = pool.submit(tight.suggest, slow_clip), pool.submit(tight.suggest, slow_clip + b"\0")
    tight.wait_until(lambda: tight.metrics()["tag2vec_queue_depth", ()] == 1)
    began = time.monotonic()
    refused = tight.suggest(clip)
    assert time.monotonic() - began < 0.5
    assert (refused.status_code, refused.json()["code"]) == (429, "queue_full")
    assert int(refused.headers["retry-after"]) >= 1
    for path in ("/healthz", "/readyz", "/metrics"):
        began = time.monotonic()
        assert tight.client.get(path).status_code == 200
        assert time.monotonic() - began < 0.5
    assert problem(working) == problem(waiting) == (504, "deadline_exceeded")
    tight.wait_until(lambda: tight.suggest(clip).status_code == 200)


def test_client_that_leaves_frees_its_worker(tight: Running, clip: bytes, slow_clip: bytes) -> None:
    tight.wait_until(lambda: tight.suggest(clip).status_code == 200)
    before = restarts(tight, "cancelled")
    with socket.create_connection(("127.0.0.1", tight.port)) as connection:
        connection.sendall(head("Content-Type: video/mp4", f"Content-Length: {len(slow_clip)}") + slow_clip)
        pid = tight.busy_worker()
    tight.wait_until(lambda: pid not in tight.workers(), 3)
    assert restarts(tight, "cancelled") == before + 1
    tight.wait_until(lambda: not tight.uploads())
    tight.wait_until(lambda: tight.suggest(clip).status_code == 200)


def test_copies_of_a_clip_are_computed_once_and_outlive_the_first(
    server: Running, steady_clip: bytes, pool: ThreadPoolExecutor
) -> None:
    joined = ("tag2vec_cache_total", ("joined",))
    before, cancelled = server.metrics(), restarts(server, "cancelled")
    content = steady_clip
    with socket.create_connection(("127.0.0.1", server.port)) as first:
        first.sendall(head("Content-Type: video/mp4", f"Content-Length: {len(content)}") + content)
        server.busy_worker()
        second = pool.submit(server.suggest, content)
        server.wait_until(lambda: server.metrics()[joined] == before[joined] + 1)
    assert second.result(90).status_code == 200
    assert restarts(server, "cancelled") == cancelled


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is but one processor")
def test_a_clip_uses_all_processors_while_it_is_alone(
    start: Serve, steady_clip: bytes, pool: ThreadPoolExecutor
) -> None:
    def threads(pid: int) -> int:
        return len(list(Path(f"/proc/{pid}/task").iterdir()))

    with start(workers=2) as server:
        idle = {pid: threads(pid) for pid in server.workers()}
        answers = [pool.submit(server.suggest, steady_clip)]
        alone = server.busy_worker()
        server.wait_until(lambda: threads(alone) > idle[alone])
        answers.append(pool.submit(server.suggest, steady_clip + b"\0"))
        (other,) = idle.keys() - {alone}
        server.wait_until(lambda: server.metrics()["tag2vec_workers", ("busy",)] == 2)
        assert threads(other) == idle[other]
        first, second = (answer.result() for answer in answers)
        assert first.json()["hashtags"] == second.json()["hashtags"]


def test_workers_hold_little_and_may_do_little(server: Running) -> None:
    for pid in server.workers():
        process = Path(f"/proc/{pid}")
        assert b"do not tell" not in (process / "environ").read_bytes()
        mapped = (process / "maps").read_text()
        assert not [name for name in ("libtorch", "faiss", "sklearn", "gensim") if name in mapped]
        limits = {line[:25].strip(): line[26:].split()[0] for line in (process / "limits").read_text().splitlines()}
        assert limits["Max core file size"] == "0"
        assert limits["Max open files"] == "64"
        assert int(limits["Max address space"]) == 4096 * 2**20
        assert int(limits["Max file size"]) <= 16 * 2**20


def test_workers_reach_no_network_and_no_fork_server(server: Running) -> None:
    if subprocess.run(["unshare", "--user", "--net", "--mount", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this kernel does not let a process give up the network")
    (fork_servers,) = (path for path in server.spool.glob("pymp-*"))
    for pid in server.workers():
        interfaces = Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]
        assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]
        mounts = Path(f"/proc/{pid}/mounts").read_text()
        assert f"none {fork_servers} tmpfs" in mounts


def test_service_that_is_killed_leaves_no_process(start: Serve, slow_clip: bytes, pool: ThreadPoolExecutor) -> None:
    with start(workers=1) as server:
        pool.submit(server.suggest, slow_clip)
        server.busy_worker()
        processes = [*children(server.process.pid), *server.workers()]
        assert len(processes) >= 2
        server.process.kill()
        server.wait_until(lambda: not any(alive(pid) for pid in processes), 5)


def test_worker_is_recycled(start: Serve, clip: bytes) -> None:
    with start(workers=1, recycle=2, cache=0) as server:
        (first,) = server.workers()

        def recycled() -> bool:
            assert server.suggest(clip).status_code == 200
            assert server.in_state("free") + server.in_state("busy") >= 1, "the old one left before the new one came"
            return restarts(server, "recycled") == 2

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
        assert restarts(server, "recycled") == 1


def test_stop_waits_for_clips_under_way(
    start: Serve, clip: bytes, steady_clip: bytes, pool: ThreadPoolExecutor
) -> None:
    with start(workers=1, grace_s=60) as server:
        accepted = pool.submit(server.suggest, steady_clip)
        server.busy_worker()
        server.process.send_signal(signal.SIGTERM)
        server.wait_until(lambda: server.client.get("/readyz").status_code == 503)
        refused = server.suggest(clip)
        assert (refused.status_code, refused.json()["code"]) == (503, "shutting_down")
        assert accepted.result(90).status_code == 200
        assert server.process.wait(10) == 0
        assert list(server.spool.iterdir()) == []


def test_second_signal_stops_at_once(start: Serve, slow_clip: bytes, pool: ThreadPoolExecutor) -> None:
    with start(workers=1) as server:
        lost = pool.submit(server.suggest, slow_clip)
        server.busy_worker()
        workers = server.workers()
        for _ in range(2):
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.1)
        server.process.wait(5)
        assert problem(lost) == (503, "shutting_down")
        assert not [pid for pid in workers if alive(pid)]
        assert list(server.spool.iterdir()) == []
