"""Graceful stops under load: what was accepted is answered, then the service ends, in time and without a trace."""

import asyncio
import signal
import time
from collections import Counter

from service.lifecycle import STOPPING
from tests.service.running import Running, alive, children
from tests.stress.client import FAILED, Answer, closed_loop, each, equal, send
from tests.stress.scenario import Finding, Stage, calm, share

_GRACE_S = 30
_CLIENTS = 4


async def run(stage: Stage) -> list[Finding]:
    """Start, load and stop the service 20 times."""
    stops = stage.count(20, 1)
    codes: Counter[int] = Counter()
    lost = asked = right = answered = left = too_late = 0
    slowest = 0.0
    unready = 0
    for _ in range(stops):
        with stage.server(grace_s=_GRACE_S) as server:
            expected = await calm(server, stage.short)
            stopping = asyncio.Event()
            load = asyncio.create_task(_load(server, stage, stopping))
            await asyncio.sleep(2)
            processes = [*children(server.process.pid), *server.workers()]
            told = time.perf_counter()
            server.process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.05)
            unready += (await send(server.port, path="/readyz")).status in (503, FAILED)
            await asyncio.sleep(0.5)
            stopping.set()
            answers = await load
            codes[await asyncio.to_thread(server.process.wait, _GRACE_S + 5)] += 1
            slowest = max(slowest, time.perf_counter() - told)
            await asyncio.sleep(1)  # the kernel may still be at it
            left += len(list(server.spool.iterdir())) + sum(alive(pid) for pid in processes)
        before = {number: answer for number, answer in answers.items() if answer.began < told}
        # Not accepted; one that was would be told that it was not analysed.
        refused = [number for number, answer in before.items() if answer.body.get("detail") == STOPPING]
        too_late += len(refused)
        for number in refused:
            del before[number]
        asked += len(before)
        lost += sum(answer.status != 200 for answer in before.values())
        right += equal(before, expected)
        answered += sum(answer.status == 200 for answer in before.values())
        later = {answer.status for answer in answers.values() if answer.began >= told}
        assert later <= {503, FAILED}, later
    return [
        Finding("stops", f"{stops}, exit codes {dict(codes)}", "0 each", codes == {0: stops}),
        Finding(
            "accepted requests lost",
            f"{share(lost, asked)}; {too_late} on their way when the signal came, refused",
            "none",
            not lost,
        ),
        Finding("answers equal to a calm run's", share(right, answered), "all", right == answered),
        Finding("not ready at once", share(unready, stops), "each time", unready == stops),
        Finding("slowest stop", f"{slowest:.1f} s", f"within the grace of {_GRACE_S} s", slowest <= _GRACE_S),
        Finding("files and processes left", str(left), "none", not left),
    ]


async def _load(server: Running, stage: Stage, stopping: asyncio.Event) -> dict[int, Answer]:
    return await closed_loop(_CLIENTS, lambda _: stopping.is_set(), each(server, stage.short))
