"""Tags that do harm if they are wrong: how often they are suggested, by kind, over all clips of a finished training.

Each clip is answered by the bundle itself. Sensitive tags are listed with the categories of the clips that they were
suggested for: for some they are right.

    python -m benchmarks.harm work/default
"""

import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from models.appearance import Appearance
from models.bundle import Bundle
from models.encoded_clip import EncodedClip
from models.pipeline import Pipeline
from models.tags.kinds import SENSITIVE, TagKinds
from models.tags.stemming import stem
from models.video.info import VideoInfo
from training.appearance import read_appearances
from training.artifacts import Artifacts
from training.features import read_kept
from training.tables import TAG_KINDS
from training.vocabulary import read_views

FIRST, ALL = 5, 15


def main(work: Annotated[Path, typer.Argument(help="Work folder of a finished training.")]) -> None:
    """Answer all clips and count the suggestions by kind of tag."""
    artifacts = Artifacts.under(work)
    pipeline, kinds = Pipeline(Bundle.open(artifacts.bundle)), TagKinds.read(TAG_KINDS)
    clips = [row.clip for row in read_kept(artifacts.features)]
    fisher, appearances = read_views(artifacts.vocabulary), read_appearances(artifacts.appearance)
    first: Counter[str] = Counter()
    every: Counter[str] = Counter()
    sensitive: Counter[tuple[str, str]] = Counter()
    video = VideoInfo(duration_s=1, fps=30, width=320, height=240, analysed_s=1.0, frames_used=30)
    for row, clip in enumerate(clips):
        appearance = Appearance(appearances.features[row], appearances.probabilities[row])
        encoded = EncodedClip(np.asarray(fisher[:, row].mean(axis=0)), appearance, video, 1, {}, [])
        for place, found in enumerate(pipeline.suggest(encoded, k=ALL).hashtags):
            kind = str(kinds.kind(stem(found.tag)) or "ordinary")
            every[kind] += 1
            first[kind] += place < FIRST
            if kind in SENSITIVE:
                sensitive[found.tag, clip.category] += 1
    console = Console()
    table = Table("kind", f"of the first {FIRST}", f"of {ALL}", title=f"{len(clips)} clips")
    for kind, count in every.most_common():
        table.add_row(kind, str(first[kind]), str(count))
    console.print(table)
    for (tag, category), count in sensitive.most_common():
        print(json.dumps({"sensitive": tag, "category": category, "clips": count}))


if __name__ == "__main__":
    typer.run(main)
