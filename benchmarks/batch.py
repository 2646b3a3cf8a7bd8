"""Measures `tag2vec batch`: clips a second, memory, and what Ray adds on one machine with the same processors.

python -m benchmarks.batch CLIPS                 a folder or a listing
python -m benchmarks.batch CLIPS --clips 960     only the first of them

The steady rate leaves out the start, until each processor has made a shard, and the end, when some have nothing to do.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import pyarrow.parquet as pq
import typer
from rich.console import Console

from batch.sources import read_source
from benchmarks.request import children, cpu_seconds, memory, processes

INTERVAL_S = 0.5


def measured(clips: str, out: Path, processors: int, *options: str) -> dict[str, float]:
    """Run the command; return its seconds, the CPU time of all processes, Ray's included, and the memory of its own.

    The steady rate is NaN if there are too few shards.

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
    written = sorted((part.stat().st_mtime, pq.read_metadata(part).num_rows) for part in out.glob("part-*"))
    return {
        "clips": done["clips"],
        "seconds": seconds,
        "clips a second": done["clips"] / seconds,
        "to the first shard": written[0][0] - start,
        "steady, clips a second": steady_rate(written, processors),
        **peaks,
    }


def steady_rate(written: Sequence[tuple[float, int]], processors: int) -> float:
    """Return clips a second while all processors are busy, from when each shard was written and its clips, in order.

    As many shards are under way at both ends of that time.
    """
    busy = written[processors - 1 : len(written) - processors + 1]
    return sum(clips for _, clips in busy[1:]) / (busy[-1][0] - busy[0][0]) if len(busy) > 1 else math.nan


def first_of(clips: str, count: int, listing: Path) -> str:
    """Write a listing of the first clips of a source; return its name."""
    source = read_source(clips)
    if len(source.paths) < count:
        raise SystemExit(f"{clips} has only {len(source.paths)} clips")
    rows = [json.dumps({"path": str(source.root / path)}) for path in source.paths[:count]]
    listing.write_text("\n".join(rows), encoding="utf-8")
    return str(listing)


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
    count: Annotated[
        int | None, typer.Option("--clips", min=1, help="Take only the first.", show_default="all")
    ] = None,
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
                source = clips if count is None else first_of(clips, count, Path(folder, "clips.jsonl"))
                ways = {"local": [], "ray": ["--ray", cluster.address]}
                for way, options in ways.items():
                    figures = measured(source, Path(folder, way), processors, *options)
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
