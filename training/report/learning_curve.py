"""The learning curve: what more training clips would bring."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, TypeAdapter

from models.tags.space import TagSpace
from training.embedding import EmbeddingSettings, train_embedding
from training.evaluation.folds import folds
from training.examples import by_hashtag, target_vectors
from training.progress import track
from training.report.page import Picture, Section
from training.report.style import HUE, SOFT, figure, to_png
from training.stage import write_json
from training.workers import in_processes

SHARES: Final = (0.125, 0.25, 0.5, 0.75, 1.0)
"""Of the training clips of every hashtag, at least one."""
Array = NDArray[np.float32]
Rows = NDArray[np.int64]

CURVE: Final = "learning_curve.json"


class Point(BaseModel):
    """Clips that a network saw, the mean over folds, and how often the nearest trained hashtag is the right one."""

    clips: float
    over_clips: float
    over_hashtags: float


def some_of(seen: Rows, labels: Rows, share: float, seed: int) -> Rows:
    """Return a part of the rows `seen`, drawn from each label alike; a larger share holds all of a smaller one."""
    order = np.random.default_rng(seed).permutation(seen)
    parts = [
        rows[: max(1, round(share * len(rows)))]
        for label in np.unique(labels[seen])
        if len(rows := order[labels[order] == label])
    ]
    return np.sort(np.concatenate(parts))


@dataclass(frozen=True, eq=False)
class Run:
    """A network to be trained on some rows of the examples in `data`, and judged on others."""

    data: Path
    targets: Array
    settings: EmbeddingSettings
    share: float
    seen: Rows
    judged: Rows


def nearest(run: Run) -> Rows:
    """Return the trained hashtag nearest to each judged clip, int64 (judged,)."""
    with np.load(run.data) as arrays:
        views, labels = arrays["views"], arrays["labels"]
    seen = run.seen
    network = train_embedding(views[:, seen], labels[seen], run.targets, run.settings)
    answers: Rows = (network.embed(views[:, run.judged].mean(axis=0)) @ run.targets.T).argmax(axis=1)
    return answers


def measure_curve(
    out: Path, *, features: Path, vocabulary: Path, tag2vec: Path, settings: EmbeddingSettings, workers: int
) -> None:
    """Train on every share of every fold, and write `CURVE` into the empty folder `out`."""
    space = TagSpace.load(tag2vec)
    examples = by_hashtag(features, vocabulary, space).in_their_span()
    labels, targets = examples.labels, target_vectors(space, examples.classes)
    data = out / "examples.npz"
    np.savez(data, views=examples.views, labels=labels)
    runs = [
        Run(data, targets, settings, share, some_of(seen, labels, share, settings.seed), judged)
        for seen, judged in folds(examples, settings.seed)
        for share in SHARES
    ]
    right = {share: np.zeros(len(labels), bool) for share in SHARES}
    for run, answers in track(in_processes(nearest, runs, workers=workers), "learning curve", len(runs)):
        if isinstance(answers, Exception):
            raise answers
        right[run.share][run.judged] = answers == labels[run.judged]
    data.unlink()
    points = [
        Point(
            clips=float(np.mean([len(run.seen) for run in runs if run.share == share])),
            over_clips=float(right[share].mean()),
            over_hashtags=float(np.mean([right[share][labels == label].mean() for label in np.unique(labels)])),
        )
        for share in SHARES
    ]
    write_json(out / CURVE, [point.model_dump() for point in points])


def read_curve(folder: Path) -> list[Point]:
    """Return what was measured."""
    return TypeAdapter(list[Point]).validate_json((folder / CURVE).read_bytes())


def learning_curve(points: list[Point]) -> Section:
    """Draw the curve."""
    with figure(7.2, 4.6) as drawn:
        axes = drawn.subplots()
        clips = [point.clips for point in points]
        for name, values, colour in (
            ("mean over clips", [point.over_clips for point in points], HUE),
            ("mean over hashtags", [point.over_hashtags for point in points], SOFT),
        ):
            axes.plot(clips, [100 * value for value in values], "o-", color=colour, linewidth=1.6, label=name)
            axes.annotate(
                f"{100 * values[-1]:.1f} %",
                (clips[-1], 100 * values[-1]),
                (6, 0),
                textcoords="offset points",
                va="center",
                color=colour,
            )
        axes.set(
            xlim=(0, clips[-1] * 1.12),
            ylim=(0, 100),
            xlabel="training clips",
            ylabel="nearest trained hashtag is right, %",
        )
        axes.grid(linewidth=0.6)
        axes.set_axisbelow(True)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        axes.legend(loc="lower right")
        png = to_png(drawn)
    return Section(
        title="Learning curve",
        text=[
            "How often the trained hashtag nearest to a clip is the right one, by networks that never saw its source "
            "and were trained on an eighth to all of the other clips, the same share of every hashtag. A curve that "
            "still rises asks for more clips.",
        ],
        pictures=[Picture("learning_curve", png, "Accuracy against the number of training clips")],
    )
