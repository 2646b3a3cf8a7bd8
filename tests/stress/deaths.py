"""A worker killed every second, in four ways, under load: the request in it fails, and nothing else."""

import asyncio
import os
import random
import resource
import signal
import time
from collections import Counter
from contextlib import suppress
from itertools import cycle
from pathlib import Path

from tests.service.running import Running, children
from tests.stress.client import after, closed_loop, each, equal, send
from tests.stress.scenario import Finding, Stage, calm, share

_DEADLINE_S = 8
_HANG_EVERY = 16
"""Every so many kills it is a hang, so that the last one is over before the next."""
_CLIENTS = 3


async def run(stage: Stage) -> list[Finding]:
    """Five minutes in which every second one is killed, unless all are just starting."""
    seconds = stage.seconds(300, 14)
    with stage.server(deadline_s=_DEADLINE_S) as server:
        expected = await calm(server, stage.short)
        before = _held(server)
        below: list[float] = []
        watching = asyncio.create_task(_watch(server, below))
        killing = asyncio.create_task(_kill(server, seconds))
        answers = await closed_loop(_CLIENTS, after(seconds), each(server, stage.short))
        kills = await killing
        # What hangs still is killed at its deadline.
        await asyncio.sleep(_DEADLINE_S)
        server.wait_until(lambda: server.in_state("free") == 2 and not server.uploads())
        watching.cancel()
        await asyncio.sleep(1)
        recovered = equal(dict(enumerate(await calm(server, stage.short))), expected)
        held = _held(server)
        log = server.log.read_text()
    failed = Counter(answer.code for answer in answers.values() if answer.status != 200)
    right = equal(answers, expected)
    hung = kills["SIGSTOP"]
    deadly = kills.total() - hung
    return [
        Finding(
            "kills", ", ".join(f"{name} {number}" for name, number in kills.items()), "all four ways", len(kills) == 4
        ),
        Finding(
            "failed requests",
            ", ".join(f"{number} {code}" for code, number in failed.items()) or "none",
            "at most one a kill: worker_died, or deadline_exceeded where it hung",
            failed.keys() <= {"worker_died", "deadline_exceeded"}
            and failed["worker_died"] <= deadly
            and failed["deadline_exceeded"] <= hung,
        ),
        Finding(
            "the others equal to a calm run's",
            share(right, len(answers) - failed.total()),
            "all",
            right == len(answers) - failed.total(),
        ),
        Finding("equal afterwards", share(recovered, len(expected)), "all", recovered == len(expected)),
        Finding(
            "until a new worker was warm",
            f"slowest {max(below, default=0):.2f} s of {len(below)}",
            "within 1 s",
            bool(below) and max(below) <= 1,
            timed=True,
        ),
        Finding(
            "descriptors, files, processes afterwards",
            f"{held} (before: {before})",
            "not more than before",
            all(now <= then for now, then in zip(held, before, strict=True)),
        ),
        Finding("errors in the log", str(log.count('"level": "ERROR"')), "none", '"level": "ERROR"' not in log),
    ]


async def _kill(server: Running, seconds: float) -> Counter[str]:
    dice = random.Random(0)
    ways = cycle(("SIGKILL", "SIGSEGV", "out of memory"))
    kills: Counter[str] = Counter()
    hung: set[int] = set()
    starved: set[int] = set()
    seen: Counter[int] = Counter()
    for _ in range(int(seconds)):
        running = server.workers().keys()
        seen.update(running)
        # One that starts is spared: what hangs then has no clip, and so no deadline.
        if settled := sorted(pid for pid in running - hung if seen[pid] > 1):
            victim = dice.choice(settled)
            way = "SIGSTOP" if kills.total() % _HANG_EVERY == 1 else next(ways)
            with suppress(ProcessLookupError, FileNotFoundError):
                if way == "out of memory":
                    # As much as it has and a little: the next frame that it takes is too much.
                    pages = int(Path(f"/proc/{victim}/statm").read_text().split()[0])
                    limit = pages * os.sysconf("SC_PAGE_SIZE") + 2**18
                    hard = resource.prlimit(victim, resource.RLIMIT_AS)[1]
                    resource.prlimit(victim, resource.RLIMIT_AS, (limit, hard))
                    starved.add(victim)
                else:
                    os.kill(victim, signal.Signals[way])
                    hung |= {victim} if way == "SIGSTOP" else set()
                kills[way] += 1
        await asyncio.sleep(1)
    # One that has not needed more memory yet would take a clip along that comes later.
    for pid in starved & server.workers().keys():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return kills


async def _watch(server: Running, below: list[float]) -> None:
    """Note each span of time in which a worker was missing."""
    since = None
    while True:
        text = (await send(server.port, path="/metrics", headers={"Accept": "text/plain"})).text
        missing = 'tag2vec_workers{state="starting"} 0.0' not in text
        now = time.perf_counter()
        if missing and since is None:
            since = now
        elif not missing and since is not None:
            below.append(now - since)
            since = None
        await asyncio.sleep(0.02)


def _held(server: Running) -> tuple[int, int, int]:
    """Open descriptors of the API, files in the temporary folder, processes."""
    descriptors = len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))
    processes = [child for pid in [server.process.pid, *children(server.process.pid)] for child in children(pid)]
    return descriptors, len(list(server.spool.glob("**/*"))), len(processes)
