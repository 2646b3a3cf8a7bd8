"""Accuracy by settings of the extractor: that of a linear SVM on clips whose source it did not see.

The vocabulary is learnt anew, without labels, for each seed, and the folds are drawn anew for each shuffle, the same
for all settings. Descriptors are kept in the work folder, so an interrupted run continues.

    TAG2VEC_DATA=... python -m benchmarks.accuracy --setting reference --setting fast
    TAG2VEC_DATA=... python -m benchmarks.accuracy --setting fast --setting unscaled --judged large
    TAG2VEC_DATA=... python -m benchmarks.accuracy --setting rate --setting fast --judged hashtags --beside WORK
"""

import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.standard_error import over_sources, standard_error
from models.cpu_count import processors
from models.fusion import fuse
from models.trajectories.settings import TrajectorySettings
from training.appearance import read_appearances
from training.artifacts import Artifacts
from training.clips import Clip, read_clips
from training.evaluation.nearest import svm_answers
from training.examples import Examples
from training.features import extract_features, read_kept, rows_of
from training.vocabulary import VocabularySettings, learn_vocabulary, read_views
from training.workers import in_processes

SETTINGS = {
    "fast": TrajectorySettings(),
    "reference": TrajectorySettings.reference(),
    "unscaled": replace(TrajectorySettings(), working_side=None),
    "320": replace(TrajectorySettings(), working_side=320),
    # Each is one step from fast back to reference.
    "layers": replace(TrajectorySettings(), flow_every=1),
    "pixels": replace(TrajectorySettings(), square=2, every=1),
    "second-flow": replace(TrajectorySettings(), second_flow=True),
    "flow": replace(TrajectorySettings(), iterations=(2,), median=5, flow_side=32, bilinear=True),
    "steps": replace(TrajectorySettings(), smooth=False),
    "texture": replace(TrajectorySettings(), quality=0.001),
    "colour": replace(TrajectorySettings(), through_bgr=True),
    "rate": replace(TrajectorySettings(), fps=None),
    "ransac": replace(TrajectorySettings(), usac=False),
    "all": replace(TrajectorySettings(), most=None),
    # Half of the frames undone: these three together.
    "before": replace(TrajectorySettings(), fps=None, usac=False, most=None),
}


Judged = Literal["jhmdb", "hashtags", "large"]


def told_right(
    clips: Sequence[Clip], classes: Sequence[str], artifacts: Artifacts, beside: Artifacts | None, shuffles: int
) -> NDArray[np.float64]:
    """Return the share of shuffles in which each clip is classified correctly, (n,); clips without features count.

    `beside` is a training that described the clips' pictures, if those are to be seen, too.
    """
    kept = {row.clip.path: row_number for row_number, row in enumerate(read_kept(artifacts.features))}
    vectors = read_views(artifacts.vocabulary)
    motion = np.zeros((2, len(clips), vectors.shape[-1]), np.float32)
    for number, clip in enumerate(clips):
        if clip.path in kept:
            motion[:, number] = vectors[:, kept[clip.path]]
    still = np.zeros_like(motion[0])
    if beside is None:
        parts = np.concatenate([motion, still[None]])
    else:
        seen = read_appearances(beside.appearance)
        pictures = fuse(still, seen.of(rows_of(beside.features, clips)).features, *seen.standard())
        motion = np.pad(motion, ((0, 0), (0, 0), (0, pictures.shape[-1] - motion.shape[-1])))
        parts = np.concatenate([motion, pictures[None]])
    examples = Examples.of(clips, classes, parts)
    right = [svm_answers(examples, shuffle) == examples.labels for shuffle in range(shuffles)]
    share: NDArray[np.float64] = np.mean(right, axis=0)
    return share


def larger_than(side: int, clips: Sequence[Clip], features: Path) -> list[Clip]:
    """Return the clips whose long side exceeds `side` pixels."""
    return [row.clip for row in read_kept(features) if max(row.width, row.height) > side]


def main(
    setting: Annotated[list[str], typer.Option(help=f"One or more of {', '.join(SETTINGS)}.")],
    judged: Annotated[
        Judged,
        typer.Option(help="The clips of JHMDB, by category, those with a hashtag, or those larger than 320 pixels."),
    ] = "jhmdb",
    beside: Annotated[
        Path | None, typer.Option(help="Work folder of a training whose pictures of the clips are seen, too.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Vocabularies.")] = 5,
    shuffles: Annotated[int, typer.Option(min=1, help="Draws of the folds.")] = 3,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = processors(),
    work: Annotated[Path, typer.Option(help="Folder that is kept.")] = Path("work/accuracy"),
) -> None:
    """Compare settings on the same clips and folds."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    data = Path(os.environ["TAG2VEC_DATA"])
    everything = read_clips(data / "clips.tsv")
    clips = [clip for clip in everything if judged == "hashtags" or (clip.benchmark == "jhmdb") == (judged == "jhmdb")]
    pictures = None if beside is None else Artifacts.under(beside)
    seen = None if pictures is None else {row.clip.path for row in read_kept(pictures.features)}
    scores: dict[str, NDArray[np.float64]] = {}
    for name in setting:
        features = work / judged / name
        features.mkdir(parents=True, exist_ok=True)
        artifacts = replace(Artifacts.under(work), features=features)
        extract_features(
            features,
            artifacts,
            clips=clips,
            root=data / "clips",
            settings=SETTINGS[name],
            execute=partial(in_processes, workers=workers),
        )
        told = larger_than(320, clips, features) if judged == "large" else clips
        told = [clip for clip in told if (clip.hashtag or judged != "hashtags") and (seen is None or clip.path in seen)]
        classes = [clip.hashtag if judged == "hashtags" else clip.category for clip in told]
        rows = []
        for seed in range(seeds):
            vocabulary = features / f"vocabulary-{seed}"
            vocabulary.mkdir(exist_ok=True)
            learn_vocabulary(vocabulary, artifacts, settings=VocabularySettings(seed=seed), workers=workers)
            rows.append(told_right(told, classes, replace(artifacts, vocabulary=vocabulary), pictures, shuffles))
        scores[name] = np.array(rows)
    groups = np.unique([clip.group for clip in told], return_inverse=True)[1]
    table = Table(
        "setting", "clips", "accuracy", "standard error", f"over {setting[0]}", "its standard error", "over sources"
    )
    for name, score in scores.items():
        # Only vocabularies vary independently: the shuffles of one share it, and the clips.
        means, gains = score.mean(axis=1), score - scores[setting[0]]
        table.add_row(
            name, str(len(told)), f"{means.mean():.2%}", f"{standard_error(means):.2%}",
            f"{gains.mean():+.2%}", f"{standard_error(gains.mean(axis=1)):.2%}",
            f"{over_sources(gains.mean(axis=0), groups):.2%}",
        )  # fmt: skip
    Console(width=110).print(table)


if __name__ == "__main__":
    typer.run(main)
