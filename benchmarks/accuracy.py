"""What a setting of the extractor is worth: the accuracy of a linear machine on clips whose source it never saw.

The vocabulary is learnt anew, without labels, for every seed, and the folds are shuffled anew for every shuffle, alike
for all settings. Descriptors are kept in the work folder, so an interrupted run goes on.

    TAG2VEC_DATA=... python -m benchmarks.accuracy --setting reference --setting fast
    TAG2VEC_DATA=... python -m benchmarks.accuracy --setting fast --setting unscaled --large
"""

import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.standard_error import over_sources, standard_error
from models.trajectories.settings import TrajectorySettings
from training.clips import Clip, read_clips
from training.evaluation.nearest import svm_answers
from training.examples import Examples
from training.features import extract_features, read_kept
from training.vocabulary import VocabularySettings, learn_vocabulary, read_views

SETTINGS = {
    "fast": TrajectorySettings(),
    "reference": TrajectorySettings.reference(),
    "unscaled": replace(TrajectorySettings(), working_side=None),
    "320": replace(TrajectorySettings(), working_side=320),
    # One step from fast back to reference each.
    "layers": replace(TrajectorySettings(), flow_every=1),
    "pixels": replace(TrajectorySettings(), square=2, every=1),
    "second-flow": replace(TrajectorySettings(), second_flow=True),
    "flow": replace(TrajectorySettings(), iterations=(2,), median=5, flow_side=32, bilinear=True),
    "steps": replace(TrajectorySettings(), smooth=False),
    "texture": replace(TrajectorySettings(), quality=0.001),
}


def told_right(clips: Sequence[Clip], vocabulary: Path, features: Path, shuffles: int) -> NDArray[np.float64]:
    """Return in which share of shufflings of the folds each clip is told right; one without features counts."""
    kept = {row.clip.path: row_number for row_number, row in enumerate(read_kept(features))}
    vectors = read_views(vocabulary)
    views = np.zeros((len(vectors), len(clips), vectors.shape[-1]), np.float32)
    for number, clip in enumerate(clips):
        if clip.path in kept:
            views[:, number] = vectors[:, kept[clip.path]]
    examples = Examples.of(clips, [clip.category for clip in clips], views)
    right = [svm_answers(examples, shuffle) == examples.labels for shuffle in range(shuffles)]
    share: NDArray[np.float64] = np.mean(right, axis=0)
    return share


def larger_than(side: int, clips: Sequence[Clip], features: Path) -> list[Clip]:
    """Return the clips with more than `side` pixels on their long side."""
    return [row.clip for row in read_kept(features) if max(row.width, row.height) > side]


def main(
    setting: Annotated[list[str], typer.Option(help=f"One or more of {', '.join(SETTINGS)}.")],
    large: Annotated[bool, typer.Option("--large", help="Clips larger than 320 pixels, not those of JHMDB.")] = False,
    seeds: Annotated[int, typer.Option(min=1, help="Vocabularies.")] = 5,
    shuffles: Annotated[int, typer.Option(min=1, help="Shufflings of the folds.")] = 3,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = len(os.sched_getaffinity(0)),
    work: Annotated[Path, typer.Option(help="Folder that is kept.")] = Path("work/accuracy"),
) -> None:
    """Compare settings on the same clips and folds."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    data = Path(os.environ["TAG2VEC_DATA"])
    clips = [clip for clip in read_clips(data / "clips.tsv") if (clip.benchmark == "jhmdb") != large]
    scores: dict[str, NDArray[np.float64]] = {}
    for name in setting:
        features = work / ("large" if large else "jhmdb") / name
        features.mkdir(parents=True, exist_ok=True)
        extract_features(
            features,
            clips=clips,
            root=data / "clips",
            cache=work / "descriptors",
            settings=SETTINGS[name],
            workers=workers,
        )
        judged = larger_than(320, clips, features) if large else clips
        rows = []
        for seed in range(seeds):
            vocabulary = features / f"vocabulary-{seed}"
            vocabulary.mkdir(exist_ok=True)
            learn_vocabulary(
                vocabulary,
                features=features,
                cache=work / "descriptors",
                settings=VocabularySettings(seed=seed),
                workers=workers,
            )
            rows.append(told_right(judged, vocabulary, features, shuffles))
        scores[name] = np.array(rows)
    groups = np.unique([clip.group for clip in judged], return_inverse=True)[1]
    table = Table(
        "setting", "clips", "accuracy", "standard error", f"over {setting[0]}", "its standard error", "over sources"
    )
    for name, score in scores.items():
        # Vocabularies are what varies independently; the shuffles of one share it and the clips.
        means, gains = score.mean(axis=1), score - scores[setting[0]]
        table.add_row(
            name, str(len(judged)), f"{means.mean():.2%}", f"{standard_error(means):.2%}",
            f"{gains.mean():+.2%}", f"{standard_error(gains.mean(axis=1)):.2%}",
            f"{over_sources(gains.mean(axis=0), groups):.2%}",
        )  # fmt: skip
    Console(width=110).print(table)


if __name__ == "__main__":
    typer.run(main)
