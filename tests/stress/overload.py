"""Open-loop load at twice the capacity: who is accepted is served in time, the rest is refused at once."""

import asyncio
import time
from bisect import bisect_left
from dataclasses import dataclass

from tests.stress.client import Answer, after, closed_loop, each, open_loop, quantile, send
from tests.stress.scenario import Finding, Stage, milliseconds, share

_QUEUE = 8
_WORKERS = 2


@dataclass(frozen=True)
class _Round:
    """What the service does at its capacity, and right after at twice as much; machines are slower at times."""

    capacity: float
    throughput: float
    answers: list[Answer]

    @property
    def accepted(self) -> list[float]:
        """Seconds of each request that was accepted."""
        return [answer.seconds for answer in self.answers if answer.status == 200]

    @property
    def before(self) -> list[int]:
        """Clips that were answered while each accepted request was under way: a machine's speed says nothing here."""
        ended = sorted(answer.ended for answer in self.answers if answer.status == 200)
        return [
            bisect_left(ended, answer.ended) - bisect_left(ended, answer.began)
            for answer in self.answers
            if answer.status == 200
        ]

    @property
    def bound(self) -> float:
        """Seconds that a full queue takes, and a quarter."""
        return 1.25 * (_QUEUE + _WORKERS) / self.capacity


async def run(stage: Stage) -> list[Finding]:
    """Measure the capacity, then offer twice as much, in rounds."""
    probes: list[tuple[Answer, str]] = []
    with stage.server(queue=_QUEUE) as server:

        async def probe() -> None:
            for path in ("/healthz", "/readyz", "/metrics") * 10**6:
                probes.append((await send(server.port, path=path), path))
                await asyncio.sleep(0.05)

        async def one_round() -> _Round:
            began = time.perf_counter()
            measured = await closed_loop(2 * _WORKERS, after(stage.seconds(20, 3)), ask)
            capacity = len(measured) / (time.perf_counter() - began)
            began = time.perf_counter()
            answers = list((await open_loop(2 * capacity, stage.seconds(60, 5), ask)).values())
            served = sum(answer.status == 200 for answer in answers)
            return _Round(capacity, served / (max(answer.ended for answer in answers) - began), answers)

        ask = each(server, stage.clips)
        probing = asyncio.create_task(probe())
        rounds = [await one_round() for _ in range(stage.count(3, 1))]
        probing.cancel()
        server.wait_until(lambda: not server.uploads())
    answers = [answer for part in rounds for answer in part.answers]
    accepted = [seconds for part in rounds for seconds in part.accepted]
    before = [clips for part in rounds for clips in part.before]
    refused = [answer.seconds for answer in answers if answer.status == 429]
    worst = max(rounds, key=lambda part: max(part.accepted, default=0) / part.bound)
    share_of_capacity = sum(part.throughput / part.capacity for part in rounds) / len(rounds)
    health = [answer.seconds for answer, _ in probes]
    slowest, at = max((answer.seconds, path) for answer, path in probes)
    return [
        Finding(
            "answered 200 or 429",
            f"{len(accepted):,} + {share(len(refused), len(answers))}",
            "all",
            len(accepted) + len(refused) == len(answers) and bool(accepted),
        ),
        Finding(
            "clips answered while an accepted one waited",
            f"at most {max(before, default=0)}",
            f"at most {_QUEUE + 4 * _WORKERS}: a full queue, those in work, one that overtakes on each worker, and "
            "those that end during its upload",
            bool(before) and max(before) <= _QUEUE + 4 * _WORKERS,
            timed=True,  # on a busy machine an upload takes as long as many clips
        ),
        Finding(
            "slowest accepted request",
            f"{max(worst.accepted, default=0):.2f} s; p50 {quantile(accepted, 0.5):.2f} s",
            f"at most {worst.bound:.2f} s, what a full queue takes and a quarter",
            all(max(part.accepted, default=0) <= part.bound for part in rounds),
            timed=True,
        ),
        Finding(
            "refusals",
            f"p50 {milliseconds(quantile(refused, 0.5))}, slowest {milliseconds(max(refused))}" if refused else "none",
            "429 within 50 ms",
            bool(refused) and max(refused) <= 0.05,
            timed=True,
        ),
        Finding(
            "probes answered 200",
            share(sum(answer.status == 200 for answer, _ in probes), len(probes)),
            "all",
            all(answer.status == 200 for answer, _ in probes),
        ),
        Finding(
            "health, readiness, metrics",
            f"p50 {milliseconds(quantile(health, 0.5))}, slowest {milliseconds(slowest)} ({at})",
            "within 50 ms",
            slowest <= 0.05,
            timed=True,
        ),
        Finding(
            "throughput",
            f"{share_of_capacity:.0%} of {', '.join(f'{part.capacity:.2f}' for part in rounds)} clips a second",
            "at least 90 % of capacity",
            share_of_capacity >= 0.9,
            timed=True,
        ),
    ]
