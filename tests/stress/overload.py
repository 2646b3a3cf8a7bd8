"""Open-loop load at twice the capacity: who is accepted is served in time, the rest is refused at once."""

import asyncio
import time

from tests.stress.client import Answer, after, closed_loop, each, open_loop, quantile, send
from tests.stress.scenario import Finding, Stage, milliseconds, share

_QUEUE = 8
_WORKERS = 2


async def run(stage: Stage) -> list[Finding]:
    """Measure the capacity, then offer twice as much."""
    seconds = stage.seconds(180, 5)
    with stage.server(queue=_QUEUE) as server:
        ask = each(server, stage.clips)
        began = time.perf_counter()
        measured = await closed_loop(2 * _WORKERS, after(stage.seconds(60, 3)), ask)
        capacity = len(measured) / (time.perf_counter() - began)
        probes: list[Answer] = []

        async def probe() -> None:
            for path in ("/healthz", "/readyz", "/metrics") * 10**6:
                probes.append(await send(server.port, path=path))
                await asyncio.sleep(0.05)

        probing = asyncio.create_task(probe())
        began = time.perf_counter()
        answers = list((await open_loop(2 * capacity, seconds, ask)).values())
        probing.cancel()
        server.wait_until(lambda: not server.uploads())
    accepted = [answer for answer in answers if answer.status == 200]
    refused = [answer for answer in answers if answer.status == 429]
    bound = 1.25 * (_QUEUE + _WORKERS) / capacity
    slowest = max((answer.seconds for answer in accepted), default=0.0)
    throughput = len(accepted) / (max(answer.ended for answer in answers) - began)
    health = [answer.seconds for answer in probes]
    refusal = [answer.seconds for answer in refused]
    return [
        Finding(
            "answered 200 or 429",
            f"{len(accepted):,} + {share(len(refused), len(answers))}",
            "all",
            len(accepted) + len(refused) == len(answers) and bool(accepted),
        ),
        Finding(
            "slowest accepted request",
            f"{slowest:.2f} s; p50 {quantile([answer.seconds for answer in accepted], 0.5):.2f} s",
            f"at most {bound:.2f} s, what a full queue takes and a quarter",
            slowest <= bound,
            timed=True,
        ),
        Finding(
            "refusals",
            f"p50 {milliseconds(quantile(refusal, 0.5))}, slowest {milliseconds(max(refusal))}" if refusal else "none",
            "429 within 50 ms",
            bool(refusal) and max(refusal) <= 0.05,
            timed=True,
        ),
        Finding(
            "probes answered 200",
            share(sum(probe.status == 200 for probe in probes), len(probes)),
            "all",
            all(probe.status == 200 for probe in probes),
        ),
        Finding(
            "health, readiness, metrics",
            f"p50 {milliseconds(quantile(health, 0.5))}, slowest {milliseconds(max(health))}",
            "within 50 ms",
            max(health) <= 0.05,
            timed=True,
        ),
        Finding(
            "throughput",
            f"{throughput:.2f} clips a second of {capacity:.2f}",
            "at least 90 % of capacity",
            throughput >= 0.9 * capacity,
            timed=True,
        ),
    ]
