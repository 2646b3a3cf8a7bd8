"""Whether `explain` finds an action among unrelated clips: a clip of a known hashtag is joined with two of others.

It comes first, in between or last, each in turn; each part is cut to five seconds. Where its own hashtag is suggested,
the slot with the largest share of the evidence for that should lie in it, more than half of it. Chance is the action's
share of the slots. The shipped networks were trained on most of these clips, though never on such joins.

    TAG2VEC_DATA=... python -m benchmarks.moments
"""

import csv
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from models.bundle import SHIPPED, Bundle
from models.cpu_count import processors
from models.pipeline import Pipeline
from models.tags.stemming import normalise, stem

PLACES: Final = ("before", "between", "after")
LONGEST_S: Final = 5

Row = Mapping[str, str]


def drawn(rows: Sequence[Row], known: set[str], count: int) -> Iterator[tuple[Row, list[Row]]]:
    """Draw clips, hashtag after hashtag, each with two clips of other hashtags and categories."""
    rng = np.random.default_rng(0)
    by_hashtag: dict[str, list[Row]] = {}
    for row in rows:
        if row["hashtag"] and stem(normalise(row["hashtag"])) in known:
            by_hashtag.setdefault(row["hashtag"], []).append(row)
    names = sorted(by_hashtag)
    for number in range(count):
        of_name = by_hashtag[names[number % len(names)]]
        own = of_name[rng.integers(len(of_name))]
        others = [one for one in rows if one["hashtag"] not in ("", own["hashtag"]) and one["group"] != own["group"]]
        yield own, [others[place] for place in rng.choice(len(others), 2, replace=False)]


def join(parts: Sequence[Path], file: Path) -> list[float]:
    """Join clips, each cut to `LONGEST_S`, into one; return where each begins, and the end, in seconds."""
    cut = f"fps=25,trim=duration={LONGEST_S},setpts=PTS-STARTPTS"
    scaled = "scale=320:240:force_original_aspect_ratio=increase,crop=320:240,setsar=1,format=yuv420p"
    encoded = ["-c:v", "libx264", "-preset", "fast", "-crf", "20"]
    edges = [0.0]
    with tempfile.TemporaryDirectory() as folder:
        pieces = [Path(folder, f"{number}.mp4") for number in range(len(parts))]
        for part, piece in zip(parts, pieces, strict=True):
            _ffmpeg("-i", str(part), "-an", "-vf", f"{cut},{scaled}", *encoded, str(piece))
            edges.append(edges[-1] + _seconds(piece))
        inputs = [word for piece in pieces for word in ("-i", str(piece))]
        _ffmpeg(*inputs, "-filter_complex", f"concat=n={len(parts)}:v=1:a=0", *encoded, str(file))
    return edges


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True)


def _seconds(file: Path) -> float:
    wanted = ["-show_entries", "format=duration", "-of", "csv=p=0"]
    return float(subprocess.run(["ffprobe", "-v", "error", *wanted, str(file)], check=True, capture_output=True).stdout)


def main(clips: Annotated[int, typer.Option(min=1, help="Clips to join with others.")] = 30) -> None:
    """Join clips, explain their hashtags, and look for the action."""
    data = Path(os.environ["TAG2VEC_DATA"])
    with (data / "clips.tsv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    pipeline = Pipeline(Bundle.open(SHIPPED))
    known = set(pipeline.suggester.space.hashtags)
    found: dict[str, list[tuple[bool, float]]] = {place: [] for place in PLACES}
    with tempfile.TemporaryDirectory() as folder:
        for number, (own, others) in enumerate(drawn(rows, known, clips)):
            place = number % len(PLACES)
            parts = [*others[:place], own, *others[place:]]
            edges = join([data / "clips" / one["path"] for one in parts], Path(folder, "joined.mp4"))
            answer = pipeline(Path(folder, "joined.mp4"), threads=processors(), explain=True)
            name = stem(normalise(own["hashtag"]))
            mine = [k for k, one in enumerate(answer.hashtags) if stem(normalise(one.tag)) == name]
            for moments in [one for k, one in enumerate(answer.moments or []) if k in mine]:
                inside = [edges[place] <= (one.start_s + one.end_s) / 2 < edges[place + 1] for one in moments]
                most = int(np.argmax([one.share for one in moments]))
                found[PLACES[place]].append((inside[most], float(np.mean(inside))))
    table = Table("action", "clips", "own hashtag suggested", "largest share in the action", "chance")
    asked = {name: len(range(number, clips, len(PLACES))) for number, name in enumerate(PLACES)} | {"all": clips}
    for name, hits in [*found.items(), ("all", [hit for one in found.values() for hit in one])]:
        means = [f"{mean:.0%}" for mean in np.mean(hits, axis=0)] if hits else ["", ""]
        table.add_row(name, str(asked[name]), str(len(hits)), *means)
    Console(width=100).print(table)


if __name__ == "__main__":
    typer.run(main)
