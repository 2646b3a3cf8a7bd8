"""A corpus of hostile files: each gets a documented answer in time, nothing else is touched, good clips go on."""

import asyncio
import json
import os
import socket
import time
from collections import Counter
from pathlib import Path

from service.problems import Code
from tests.stress.client import Answer, closed_loop, send
from tests.stress.corpus import corpus
from tests.stress.scenario import Finding, Stage, calm, share

_DEADLINE_S = 20
_CLIENTS = 4


async def run(stage: Stage) -> list[Finding]:
    """Post 2,400 files, a good clip beside them all the time."""
    canaries = [stage.folder / name for name in ("read.txt", "read.mp4", "control.txt")]
    for canary in canaries:
        canary.write_bytes(stage.short[0])
        os.utime(canary, (1e9, canary.stat().st_mtime))  # a read moves the time of access, also under relatime
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        return await _run(stage, canaries, listener)


async def _run(stage: Stage, canaries: list[Path], listener: socket.socket) -> list[Finding]:
    targets = [*map(str, canaries[:2]), f"http://127.0.0.1:{listener.getsockname()[1]}/x", "/etc/passwd"]
    scratch = stage.folder / "corpus"
    scratch.mkdir()
    files = list(corpus(scratch, stage.count(2400, 160), targets))
    with stage.server(deadline_s=_DEADLINE_S) as server:
        good = stage.short[0]
        (expected,) = await calm(server, [good])
        documented = json.loads((await send(server.port, path="/openapi.json")).text)
        statuses = documented["paths"]["/v1/hashtags"]["post"]["responses"].keys()
        beside: list[Answer] = []
        finished = asyncio.Event()

        async def neighbour() -> None:
            while not finished.is_set():
                # Never the same bytes twice, so that a worker has to look at each.
                beside.append(await send(server.port, good + len(beside).to_bytes(8, "big")))

        before = _tree(server.spool)
        neighbours = asyncio.create_task(neighbour())
        answers = await closed_loop(
            _CLIENTS, lambda number: number >= len(files), lambda number: send(server.port, files[number][1])
        )
        finished.set()
        await neighbours
        server.wait_until(lambda: not server.uploads())
        after = _tree(server.spool)
        alive = server.process.poll() is None
        log = server.log.read_text().splitlines()
    answers = {number: answer for number, answer in answers.items() if answer.code != Code.queue_full.name}
    odd = [
        files[number][0]
        for number, answer in answers.items()
        if str(answer.status) not in statuses or answer.status == 500
    ]
    outcomes = Counter(answer.code or "ok" for answer in answers.values())
    slowest = max(answer.seconds for answer in answers.values())
    unread = [canary for canary in canaries[:2] if canary.stat().st_atime == 1e9]
    canaries[2].read_bytes()
    control = canaries[2].stat().st_atime != 1e9
    called = _was_called(listener)
    unharmed = sum(answer.status == 200 and answer.seen == expected.seen for answer in beside)
    readable = sum(_is_json(line) for line in log)
    return [
        Finding(
            "outcomes",
            ", ".join(f"{number} {code}" for code, number in outcomes.most_common()),
            "each documented",
            set(outcomes) <= {"ok", *Code.__members__},
        ),
        Finding("undocumented answers or 500", ", ".join(odd[:5]) or f"none of {len(answers):,}", "none", not odd),
        Finding("slowest", f"{slowest:.2f} s", f"the deadline of {_DEADLINE_S} s and 2 s", slowest <= _DEADLINE_S + 2),
        Finding(
            "files that playlists name",
            f"{len(unread)} of 2 unread" + ("" if control else " (not measurable here)"),
            "none read, no address called",
            len(unread) == 2 and not called,
        ),
        Finding(
            "files outside the temporary folder",
            ", ".join(sorted(after - before)) or "none new",
            "none new",
            after <= before,
        ),
        Finding("good clips beside them", share(unharmed, len(beside)), "all", unharmed == len(beside) > 0),
        Finding(
            "service alive, log lines that are JSON",
            f"{alive}, {share(readable, len(log))}",
            "all",
            alive and readable == len(log),
        ),
    ]


def _tree(spool: Path) -> set[str]:
    """What lies where a process might write: beside its temporary folder, and where it runs."""
    return {str(path) for place in (spool.parent, Path.cwd()) for path in place.glob("[!.]*")}


def _was_called(listener: socket.socket) -> bool:
    time.sleep(0.1)
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
