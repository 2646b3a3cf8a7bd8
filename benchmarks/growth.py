"""Plots how the time from a clip to what is known of it grows with frames, pixels and threads.

A clip is repeated, scaled and encoded anew by FFmpeg. Each point is the least of three measurements.

    python -m benchmarks.growth CLIP --out docs/images/growth.png
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import matplotlib as mpl
import typer
from matplotlib.figure import Figure

from models.bundle import SHIPPED, Bundle
from models.encoder import ClipEncoder

SECONDS = (2, 4, 6, 9, 12, 20, 40, 60)
SIDES = (120, 240, 360, 480, 720, 1080)
THREADS = (1, 2)
TIMES = 3


def made(clip: Path, folder: Path, seconds: float, side: int) -> Path:
    """Write a clip of so many seconds and of a square of so many pixels a side."""
    file = folder / f"{seconds:g}-{side}.mp4"
    scaled = ["-vf", f"scale={side}:{side}", "-c:v", "libx264", "-preset", "veryfast", "-an"]
    command = ["ffmpeg", "-v", "error", "-stream_loop", "-1", "-i", str(clip), "-t", str(seconds), *scaled, str(file)]
    subprocess.run(command, check=True)
    return file


def least(clock: Callable[[], float], encoder: ClipEncoder, clip: Path, threads: int = 1) -> float:
    """Return the fewest seconds that a clip takes."""
    spent = []
    for _ in range(TIMES):
        begin = clock()
        encoder.encode(clip, threads=threads)
        spent.append(clock() - begin)
    return min(spent)


def main(
    clip: Annotated[Path, typer.Argument(metavar="CLIP")],
    out: Annotated[Path, typer.Option(help="Picture to write.")] = Path("growth.png"),
) -> None:
    """Measure and draw."""
    mpl.use("agg")
    encoder = ClipEncoder(Bundle.open(SHIPPED))
    encoder.warm_up()
    figure = Figure((9, 3), layout="constrained")
    by_frames, by_pixels, by_threads = figure.subplots(1, 3)
    with tempfile.TemporaryDirectory() as folder:
        six = made(clip, Path(folder), 6, 480)
        encoder.encode(six)
        frames = [least(time.process_time, encoder, made(clip, Path(folder), one + 0.01, 480)) for one in SECONDS]
        pixels = [least(time.process_time, encoder, made(clip, Path(folder), 6.02, side)) for side in SIDES]
        threads = [least(time.perf_counter, encoder, six, count) for count in THREADS if count <= (os.cpu_count() or 1)]
    by_frames.plot([30 * one for one in SECONDS], frames, "o-")
    by_frames.set(xlabel="frames (480x480, 30 a second)", ylabel="CPU time, s", ylim=0)
    by_pixels.plot([side * side / 1e6 for side in SIDES], pixels, "o-")
    by_pixels.set(xlabel="megapixels (6 s)", ylabel="CPU time, s", ylim=0)
    by_threads.plot(THREADS[: len(threads)], threads, "o-")
    by_threads.set(xlabel="threads (6 s, 480x480)", ylabel="time, s", ylim=0, xticks=THREADS)
    figure.savefig(out, dpi=90)
    for name, keys, values in (("seconds", SECONDS, frames), ("side", SIDES, pixels), ("threads", THREADS, threads)):
        print(name, {key: round(value, 3) for key, value in zip(keys, values, strict=False)})


if __name__ == "__main__":
    typer.run(main)
