"""Compares the hashtags of long clips sampled in pieces with those of the same clips analysed as a whole.

There are no long clips in the data, so clips of one category are joined to one of up to a minute, and clips of all
categories to others. They are encoded in several ways, since pieces depend on where key frames are.

    TAG2VEC_DATA=... python -m benchmarks.pieces
"""

import csv
import math
import os
import random
import subprocess
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Annotated, Final
from unittest.mock import patch

import typer
from rich.console import Console
from rich.table import Table

from models.bundle import SHIPPED, Bundle
from models.pipeline import Answer, Pipeline

WAYS: Final = {
    "key frames at cuts": (),
    "every two seconds": ("-g", "60", "-sc_threshold", "0"),
    "every second, no B-frames": ("-g", "30", "-bf", "0"),
    "open groups": ("-g", "90", "-x264-params", "open-gop=1"),
}
SECONDS: Final = 59.9


def join(clips: list[Path], options: tuple[str, ...], path: Path) -> Path:
    """Join clips to one of 320x240 px and at most a minute."""
    inputs = [part for clip in clips for part in ("-i", str(clip))]
    scaled = "".join(f"[{n}:v]scale=320:240,fps=30,setsar=1[v{n}];" for n in range(len(clips)))
    graph = f"{scaled}{''.join(f'[v{n}]' for n in range(len(clips)))}concat=n={len(clips)}[joined]"
    subprocess.run(
        ["ffmpeg", "-v", "error", *inputs, "-filter_complex", graph, "-map", "[joined]", "-t", str(SECONDS),
         "-c:v", "libx264", "-preset", "veryfast", *options, path],
        check=True,
    )  # fmt: skip
    return path


def measured(pipeline: Pipeline, clip: Path) -> tuple[Answer, float]:
    """Return the answer for a clip, and the seconds of CPU time that it took."""
    begin = time.process_time()
    answer = pipeline(clip)
    return answer, time.process_time() - begin


def main(
    categories: Annotated[int, typer.Option(min=1, help="Clips to join of one category each.")] = 10,
    mixed: Annotated[int, typer.Option(min=0, help="Clips to join of all categories.")] = 4,
) -> None:
    """Measure and print a table."""
    data = Path(os.environ["TAG2VEC_DATA"])
    by_category: dict[str, list[Path]] = defaultdict(list)
    with (data / "clips.tsv").open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows, delimiter="\t"):
            by_category[row["category"]].append(data / "clips" / row["path"])
    draw = random.Random(0)
    large = draw.sample(sorted(name for name, clips in by_category.items() if len(clips) >= 14), categories)
    parts = [(name, draw.sample(by_category[name], min(22, len(by_category[name])))) for name in large]
    everything = sorted(clip for clips in by_category.values() for clip in clips)
    parts += [("mixed", draw.sample(everything, 14)) for _ in range(mixed)]
    pipeline = Pipeline(Bundle.open(SHIPPED))
    measured(pipeline, everything[0])
    table = Table(
        "clip", "key frames", "s", "analysed, s", "CPU, s", "share of the whole", "first five in common",
        "of 15 in common", "confident: whole, pieces",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, clips) in enumerate(parts):
            way = list(WAYS)[number % len(WAYS)]
            path = join(clips, WAYS[way], Path(folder, f"{number}.mp4"))
            pieces, spent = measured(pipeline, path)
            with patch("models.video.decoding.UNCUT", math.inf):
                whole, spent_on_all = measured(pipeline, path)
            ours, theirs = ([one.tag for one in answer.hashtags] for answer in (pieces, whole))
            table.add_row(
                name, way, f"{pieces.video.duration_s:.0f}", f"{pieces.video.analysed_s:.1f}", f"{spent:.1f}",
                f"{spent / spent_on_all:.2f}", str(len({*ours[:5]} & {*theirs[:5]})), str(len({*ours} & {*theirs})),
                f"{whole.confident}, {pieces.confident}",
            )  # fmt: skip
    Console(width=160).print(table)


if __name__ == "__main__":
    typer.run(main)
