"""Closed-loop load of good clips: the answers are those of a calm run, and neither latency nor memory grows."""

from pathlib import Path

from tests.service.running import Running
from tests.stress.client import after, closed_loop, each, equal, quantile
from tests.stress.scenario import Finding, Stage, calm, milliseconds, share

_CLIENTS = 2


async def run(stage: Stage) -> list[Finding]:
    """Ten minutes of as many clients as workers, then 2,000 requests of short clips."""
    seconds = stage.seconds(600, 4)
    early, late = stage.count(500, 10), stage.count(2000, 40)
    with stage.server(recycle=0) as server:
        expected = await calm(server, stage.clips)
        answers = await closed_loop(_CLIENTS, after(seconds), each(server, stage.clips))
        expected_short = await calm(server, stage.short)
        first = await closed_loop(_CLIENTS, lambda number: number >= early, each(server, stage.short))
        before = _memory(server)
        rest = await closed_loop(_CLIENTS, lambda number: number >= late - early, each(server, stage.short))
        grown = {name: size - before[name] for name, size in _memory(server).items()}
    times = [answer.seconds for answer in answers.values()]
    half, most = quantile(times, 0.5), quantile(times, 0.99)
    right = equal(answers, expected)
    right_short = equal(first, expected_short) + equal(rest, expected_short)
    return [
        Finding("answers equal to a calm run's", share(right, len(answers)), "all", right == len(answers)),
        Finding(
            "p99 of latency",
            f"{milliseconds(most)} = {most / half:.2f} x p50, {len(answers) / seconds:.2f} clips a second",
            "at most 2 x p50",
            most <= 2 * half,
            timed=True,
        ),
        Finding("answers to short clips equal", share(right_short, late), "all", right_short == late),
        Finding(
            f"memory after {late:,} short clips above that after {early:,}",
            ", ".join(f"{name} {size / 1e6:+.1f} MB" for name, size in grown.items()),
            "at most +5 MB each",
            max(grown.values()) <= 5e6,
            timed=True,
        ),
    ]


def _memory(server: Running) -> dict[str, int]:
    """Bytes in RAM of the API and of each worker."""
    processes = {"API": server.process.pid} | {f"worker {worker}": worker for worker in server.workers()}
    return {name: _resident(pid) for name, pid in processes.items()}


def _resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) * 1024
