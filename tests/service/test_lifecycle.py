"""How the service stops."""

import signal
from concurrent.futures import ThreadPoolExecutor

from tests.service.conftest import Serve
from tests.service.running import alive, children, problem


def test_stop_waits_for_clips_under_way(
    start: Serve, clip: bytes, steady_clip: bytes, pool: ThreadPoolExecutor
) -> None:
    with start(workers=1, grace_s=60) as server:
        with server.held():
            accepted = pool.submit(server.suggest, steady_clip)
            server.wait_until(lambda: server.in_state("busy"))
            server.process.send_signal(signal.SIGTERM)
            server.wait_until(lambda: server.client.get("/readyz").status_code == 503)
            refused = server.suggest(clip)
        assert (refused.status_code, refused.json()["code"]) == (503, "shutting_down")
        assert accepted.result(280).status_code == 200
        assert server.process.wait(60) == 0
        assert list(server.spool.iterdir()) == []


def test_second_signal_stops_at_once(start: Serve, slow_clip: bytes, pool: ThreadPoolExecutor) -> None:
    with start(workers=1) as server:
        lost = pool.submit(server.suggest, slow_clip)
        server.busy_worker()
        workers = server.workers()
        server.process.send_signal(signal.SIGTERM)
        server.wait_until(lambda: server.client.get("/readyz").status_code == 503)
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(20)  # less than is given to the clip under way
        assert problem(lost) == (503, "shutting_down")
        assert not [pid for pid in workers if alive(pid)]
        assert list(server.spool.iterdir()) == []


def test_service_that_is_killed_leaves_no_process(start: Serve, slow_clip: bytes, pool: ThreadPoolExecutor) -> None:
    with start(workers=1) as server:
        pool.submit(server.suggest, slow_clip)
        server.busy_worker()
        processes = [*children(server.process.pid), *server.workers()]
        assert len(processes) >= 2
        server.process.kill()
        server.wait_until(lambda: not any(alive(pid) for pid in processes), 20)
