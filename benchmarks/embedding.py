"""What a setting of the embedding is worth: how often the nearest trained hashtag is right for a clip kept apart.

Clips of one source are never split between learning and judging; the folds are shuffled anew for every shuffle, alike
for all variants and for the linear machine beside them. Features are those of a finished training.

    python -m benchmarks.embedding work/default closeness=0.3 members=6,dropout=0.5
"""

import json
import os
import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from models.tagspace import TagSpace
from training.embedding import EmbeddingSettings
from training.evaluation.folds import FOLDS, fold_of
from training.evaluation.nearest import hashtag_ranks, svm_answers
from training.examples import by_hashtag, target_vectors
from training.held_out import Network, embed_all
from training.workers import in_processes


def parsed(variant: str) -> EmbeddingSettings:
    """Return the settings that `name=value,...` stands for; all others are as they ship."""
    changes = dict(change.split("=", 1) for change in variant.split(",") if change)
    return EmbeddingSettings.model_validate({name: json.loads(value) for name, value in changes.items()})


def shares(right: NDArray[np.bool_], labels: NDArray[np.int64]) -> tuple[float, float]:
    """Return the share of clips, and the mean over hashtags of the share of their clips."""
    return float(right.mean()), float(np.mean([right[labels == label].mean() for label in np.unique(labels)]))


def main(
    work: Annotated[Path, typer.Argument(help="Work folder of a finished training.")],
    variants: Annotated[list[str] | None, typer.Argument(help="Settings to try, name=value,name=value.")] = None,
    shuffles: Annotated[int, typer.Option(min=1, help="Shufflings of the folds.")] = 3,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = len(os.sched_getaffinity(0)),
) -> None:
    """Measure the linear machine, the settings that ship, and each variant."""
    space = TagSpace.load(work / "tag2vec")
    examples = by_hashtag(work / "features", work / "vocabulary", space).in_their_span()
    targets, labels = target_vectors(space, examples.classes), examples.labels
    folds = [fold_of(examples, shuffle) for shuffle in range(shuffles)]
    table = Table("variant", "clips", "mean over hashtags", "clips, shuffle by shuffle")

    def add(name: str, found: list[tuple[float, float]]) -> None:
        clips, hashtags = np.mean(found, axis=0)
        table.add_row(name, f"{clips:.1%}", f"{hashtags:.1%}", ", ".join(f"{share:.1%}" for share, _ in found))

    answers = [svm_answers(examples, shuffle) for shuffle in range(shuffles)]
    add("linear SVM", [shares(answer == labels, labels) for answer in answers])
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "examples.npz"
        np.savez(data, views=examples.views, labels=labels)
        for variant in ["", *(variants or [])]:
            settings = parsed(variant)
            found = []
            for shuffle, fold in enumerate(folds):
                right = np.zeros(len(labels), bool)
                networks = [
                    Network(np.flatnonzero(fold != number), targets, [("embedded", (), np.flatnonzero(fold == number))])
                    for number in range(FOLDS)
                ]
                embed = partial(embed_all, data=data, settings=settings.model_copy(update={"seed": shuffle}))
                for network, embedded in in_processes(embed, networks, workers=workers):
                    if isinstance(embedded, Exception):
                        raise embedded
                    ((_, _, judged),) = network.kept
                    right[judged] = hashtag_ranks(embedded[judged], labels[judged], targets) == 0
                found.append(shares(right, labels))
            add(variant or "as it ships", found)
    Console(width=110).print(table)


if __name__ == "__main__":
    typer.run(main)
