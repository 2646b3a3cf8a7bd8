"""The learning curve: the effect of more training clips."""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, TypeAdapter

from models.tags.space import TagSpace
from training.artifacts import Artifacts
from training.embedding import EmbeddingSettings
from training.evaluation.folds import folds
from training.examples import by_hashtag, target_vectors
from training.json_file import write_json
from training.network_job import NetworkJob, train_and_embed
from training.progress import track
from training.report.page import Picture, Section
from training.report.style import HUE, SOFT, figure, to_png

SHARES: Final = (0.125, 0.25, 0.5, 0.75, 1.0)
"""Of the training clips of each hashtag, and at least one clip."""
Rows = NDArray[np.int64]

CURVE: Final = "learning_curve.json"


class Point(BaseModel):
    """Training clips, the mean over folds, and how often the trained hashtag nearest to a clip is the right one."""

    clips: float
    over_clips: float
    over_hashtags: float


def some_of(seen: Rows, labels: Rows, share: float, seed: int) -> Rows:
    """Draw the same share of the rows `seen` of each label; a larger share contains each smaller one."""
    order = np.random.default_rng(seed).permutation(seen)
    parts = [
        rows[: max(1, round(share * len(rows)))]
        for label in np.unique(labels[seen])
        if len(rows := order[labels[order] == label])
    ]
    return np.sort(np.concatenate(parts))


def measure_curve(out: Path, artifacts: Artifacts, *, settings: EmbeddingSettings, workers: int) -> None:
    """Train on each share of each fold, and write `CURVE` into the empty folder `out`."""
    space = TagSpace.load(artifacts.tag2vec)
    examples = by_hashtag(artifacts, space).in_their_span()
    labels, targets = examples.labels, target_vectors(space, examples.classes)
    plan = {
        NetworkJob(some_of(seen, labels, share, settings.seed), targets): (share, judged)
        for seen, judged in folds(examples, settings.seed)
        for share in SHARES
    }
    right = {share: np.zeros(len(labels), bool) for share in SHARES}
    trained = train_and_embed(list(plan), examples, settings=settings, workers=workers)
    for job, vectors in track(trained, "learning curve", len(plan)):
        share, judged = plan[job]
        right[share][judged] = (vectors[judged] @ targets.T).argmax(axis=1) == labels[judged]
    points = [
        Point(
            clips=float(np.mean([len(job.seen) for job, (of, _) in plan.items() if of == share])),
            over_clips=float(right[share].mean()),
            over_hashtags=float(np.mean([right[share][labels == label].mean() for label in np.unique(labels)])),
        )
        for share in SHARES
    ]
    write_json(out / CURVE, [point.model_dump() for point in points])


def read_curve(folder: Path) -> list[Point]:
    """Return the points of the curve."""
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
            "How often the trained hashtag nearest to a clip is the right one, by networks that did not see its source "
            "and were trained on an eighth to all of the other clips, the same share of each hashtag. If the curve "
            "still rises at the end, more clips would help.",
        ],
        pictures=[Picture("learning_curve", png, "Accuracy against the number of training clips")],
    )
