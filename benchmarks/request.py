"""Time, CPU time and memory of requests to a real service: the first one, and the steady state, stage by stage.

python -m benchmarks.request CLIP
python -m benchmarks.request CLIP --repeats 10     a clip ten times as long
"""

import io
import json
import math
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import av
import typer
from rich.console import Console
from rich.table import Table

START_S = 120


def free_port() -> int:
    """Return a port of the loopback interface that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until_ready(address: str) -> float:
    """Return the seconds until the service was ready; raises TimeoutError after two minutes."""
    start = time.perf_counter()
    while time.perf_counter() - start < START_S:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=5):
                return time.perf_counter() - start
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"the service at {address} was not ready within {START_S} s")


def repeated(clip: Path, *, times: int | None = None, seconds: float = math.inf) -> bytes:
    """Return an mp4 that plays a clip so many times, or for so many seconds, its packets copied as they are."""
    file = io.BytesIO()
    with av.open(str(clip)) as source, av.open(file, "w", format="mp4") as target:
        film = source.streams.video[0]
        copy = target.add_stream_from_template(film)
        packets = [packet for packet in source.demux(film) if packet.dts is not None]
        length = sum(packet.duration or 0 for packet in packets)
        duration = float(length * (film.time_base or 0))
        for turn in range(times if times is not None else math.ceil(seconds / duration)):
            source.seek(0)
            for packet in source.demux(film):
                if packet.dts is not None and packet.pts is not None:
                    packet.dts += turn * length
                    packet.pts += turn * length
                    if float(packet.dts * (film.time_base or 0)) < seconds:
                        packet.stream = copy
                        target.mux(packet)
    return file.getvalue()


def post(address: str, clip: bytes) -> tuple[float, dict[str, Any]]:
    """Post a clip; return milliseconds of wall-clock time and the answer."""
    request = urllib.request.Request(f"{address}/v1/hashtags", clip, {"Content-Type": "video/mp4"})
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=120) as response:
        answer = json.load(response)
    return (time.perf_counter() - start) * 1e3, answer


def processes(pid: int) -> dict[str, int]:
    """Return the processes of a service: its own, its fork server and each of its workers."""
    found = {"service": pid}
    for child in children(pid):
        if b"forkserver" in Path(f"/proc/{child}/cmdline").read_bytes():
            found |= {"fork server": child} | {f"worker {worker}": worker for worker in children(child)}
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU time that processes, and those of their children that have ended, have used so far, seconds."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for thread in threads for child in (thread / "children").read_text().split()]


def memory(pid: int) -> dict[str, float]:
    """Return the memory of a process, MiB: resident at its peak; its share now, and what it shares with no other."""
    sizes: Counter[str] = Counter()
    for line in [*_lines(pid, "status"), *_lines(pid, "smaps_rollup")]:
        name, _, size = line.partition(":")
        if name in ("VmHWM", "Pss") or name.startswith("Private_"):
            sizes[name.partition("_")[0]] += int(size.split()[0])
    return {name: size / 1024 for name, size in sizes.items()}


def _lines(pid: int, file: str) -> list[str]:
    try:
        return Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except PermissionError:  # a process that hides its memory, unless root looks
        return []


def main(
    clip: Annotated[Path, typer.Argument(metavar="CLIP")],
    requests: Annotated[int, typer.Option(min=2, help="How many, the first one included.")] = 9,
    repeats: Annotated[int, typer.Option(min=1, help="Play the clip so many times in one.")] = 1,
) -> None:
    """Start a service with one worker and no answer cache, and post a clip to it again and again."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    settings = {"TAG2VEC_WORKERS": "1", "TAG2VEC_CACHE": "0"}
    command = [sys.executable, "-m", "commands.main", "serve", "--port", str(port)]
    service = subprocess.Popen(command, env=os.environ | settings)
    try:
        ready = wait_until_ready(address)
        content = clip.read_bytes() if repeats == 1 else repeated(clip, times=repeats)
        answers = [post(address, content)]
        running = processes(service.pid)
        before = cpu_seconds(running.values())
        answers += [post(address, content) for _ in range(requests - 1)]
        spent = (cpu_seconds(running.values()) - before) / (requests - 1)
        memories = {name: memory(pid) for name, pid in running.items()}
    finally:
        service.terminate()
        service.wait()
    table = Table("ms", "first request", "steady state (median)")
    stages = [(wall, answer["timings_ms"]) for wall, answer in answers]
    for stage in stages[0][1]:
        table.add_row(stage, f"{stages[0][1][stage]:.1f}", f"{median(times[stage] for _, times in stages[1:]):.1f}")
    table.add_row("as the client sees it", f"{stages[0][0]:.1f}", f"{median(wall for wall, _ in stages[1:]):.1f}")
    console = Console()
    console.print(f"{clip.name}: {json.dumps(answers[0][1]['video'])}; ready after {ready:.1f} s")
    console.print(table)
    console.print(f"{spent:.2f} s of CPU time for each request after the first")
    for name, sizes in memories.items():
        console.print(f"{name}:", ", ".join(f"{size:.0f} MiB {kind}" for kind, size in sizes.items()))


if __name__ == "__main__":
    typer.run(main)
