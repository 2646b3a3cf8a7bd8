"""Closed-loop load of good clips: the answers are those of a calm run, and neither latency nor memory grows."""

from collections.abc import Sequence
from pathlib import Path

from tests.service.running import Running
from tests.stress.client import Answer, after, closed_loop, each, equal, quantile
from tests.stress.scenario import Finding, Stage, calm, milliseconds, share

_CLIENTS = 2

_WATCHED = 160
"""Requests in which memory is looked at: enough for either worker to have had each of the short clips."""


async def run(stage: Stage) -> list[Finding]:
    """Ten minutes of as many clients as workers, then 2,000 requests of short clips."""
    seconds = stage.seconds(600, 4)
    early, late = stage.count(500, 10), stage.count(2000, 40)
    with stage.server(recycle=0) as server:
        expected = await calm(server, stage.clips)
        answers = await closed_loop(_CLIENTS, after(seconds), each(server, stage.clips))
        expected_short = await calm(server, stage.short)
        before, right_before = await _most_memory(server, stage.short, early, expected_short)
        most, right_after = await _most_memory(server, stage.short, late - early, expected_short)
    times = [answer.seconds for answer in answers.values()]
    half, slow = quantile(times, 0.5), quantile(times, 0.99)
    right = equal(answers, expected)
    right_short = right_before + right_after
    grown = {name: size - before[name] for name, size in most.items()}
    return [
        Finding("answers equal to a calm run's", share(right, len(answers)), "all", right == len(answers)),
        Finding(
            "p99 of latency",
            f"{milliseconds(slow)} = {slow / half:.2f} x p50, {len(answers) / seconds:.2f} clips a second",
            "at most 2 x p50",
            slow <= 2 * half,
            timed=True,
        ),
        Finding("answers to short clips equal", share(right_short, late), "all", right_short == late),
        Finding(
            f"most memory in the last of {late:,} short clips above that in the last of {early:,}",
            ", ".join(f"{name} {size / 1e6:+.1f} MB" for name, size in grown.items()),
            "at most +5 MB each",
            max(grown.values()) <= 5e6,
            timed=True,
        ),
    ]


async def _most_memory(
    server: Running, clips: Sequence[bytes], requests: int, expected: Sequence[Answer]
) -> tuple[dict[str, int], int]:
    """Ask so often; return the most bytes in RAM of the API and of each worker in the last requests, and right answers.

    The most, not what there is in the end, which depends by more than the bound on the clip that a worker had last.
    """
    watched, ask = min(_WATCHED, requests // 2), each(server, clips)
    processes = {"API": server.process.pid} | {f"worker {worker}": worker for worker in server.workers()}
    right = equal(await closed_loop(_CLIENTS, lambda number: number >= requests - watched, ask), expected)
    for pid in processes.values():
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # forgets the most so far
    right += equal(await closed_loop(_CLIENTS, lambda number: number >= watched, ask), expected)
    return {name: _most_resident(pid) for name, pid in processes.items()}, right


def _most_resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) * 1024
