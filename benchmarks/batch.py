"""Measures `tag2vec batch`: clips an hour, memory, and what Ray adds on one machine with the same processors.

python -m benchmarks.batch CLIPS                 a folder or a listing
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.request import children, cpu_seconds, memory, processes

INTERVAL_S = 0.5


def measured(clips: str, out: Path, *options: str) -> dict[str, float]:
    """Run the command; return its seconds, the CPU time of all processes, Ray's included, and the memory of its own.

    Memory is that at the peak, proportional (PSS): what several processes share is divided among them.
    """
    start, before = time.time(), cpu_seconds(_descendants(os.getpid()))
    command = [sys.executable, "-m", "commands.main", "batch", clips, "--out", str(out), *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peaks: defaultdict[str, float] = defaultdict(float)
    while process.poll() is None:
        try:
            peaks["CPU time, s"] = max(peaks["CPU time, s"], cpu_seconds(_descendants(os.getpid())) - before)
            running = processes(process.pid)
            running["driver"] = running.pop("service")
            for name, pid in running.items():
                kind = f"{'worker' if name.startswith('worker') else name}, MiB"
                peaks[kind] = max(peaks[kind], memory(pid).get("Pss", 0))
        except OSError:  # a process that has just ended
            pass
        time.sleep(INTERVAL_S)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    done = json.loads((out / "_complete.json").read_text())
    seconds = time.time() - start
    first = min(part.stat().st_mtime for part in out.glob("part-*")) - start
    return {"clips": done["clips"], "seconds": seconds, "to the first shard": first, **peaks}


def _descendants(pid: int) -> Iterator[int]:
    for child in children(pid):
        yield child
        yield from _descendants(child)


def one_node(processors: int) -> Any:
    """Return a Ray cluster of this machine alone."""
    os.environ |= {"RAY_worker_niceness": "0", "RAY_USAGE_STATS_ENABLED": "0"}
    from ray.cluster_utils import Cluster

    return Cluster(initialize_head=True, head_node_args={"num_cpus": processors, "include_dashboard": False})


def main(
    clips: Annotated[str, typer.Argument(metavar="CLIPS")],
    processors: Annotated[int, typer.Option(min=1)] = os.cpu_count() or 1,
    rounds: Annotated[int, typer.Option(min=1, help="Of the command without and with Ray, in turn.")] = 2,
) -> None:
    """Measure without and with Ray, in turn; ends with an error if they do not write the same."""
    os.environ["TAG2VEC_WORKERS"] = str(processors)
    start = time.time()
    cluster = one_node(processors)
    console = Console()
    console.print(f"The cluster took {time.time() - start:.0f} s to start.")
    try:
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                ways = {"local": [], "ray": ["--ray", cluster.address]}
                for way, options in ways.items():
                    figures = measured(clips, Path(folder, way), *options)
                    console.print(
                        f"{way}:", ", ".join(f"{name} {value:.1f}" for name, value in figures.items()), soft_wrap=True
                    )
                if _content(Path(folder, "local")) != _content(Path(folder, "ray")):
                    raise SystemExit("Ray wrote other bytes")
    finally:
        cluster.shutdown()


def _content(out: Path) -> dict[str, bytes]:
    return {part.name: part.read_bytes() for part in out.glob("part-*")}


if __name__ == "__main__":
    typer.run(main)
