"""Accuracy by settings of the embedding: how often the trained hashtag nearest to an unseen clip is the right one.

Clips of one source are never split between learning and judging. The vocabulary is learnt anew for each seed, and the
folds are drawn anew for each shuffle, the same for all variants and for the linear SVM they are compared with. The
descriptors are those of a finished training.

    python -m benchmarks.embedding work/default closeness=0.3 members=6,dropout=0.5
"""

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.standard_error import over_sources, standard_error
from models.cpu_count import processors
from models.tags.space import TagSpace
from training.artifacts import Artifacts
from training.embedding import EmbeddingSettings
from training.evaluation.folds import FOLDS, fold_of
from training.evaluation.nearest import hashtag_ranks, svm_answers
from training.examples import Examples, background, by_hashtag, target_vectors
from training.network_job import NetworkJob, train_and_embed
from training.vocabulary import VocabularySettings, learn_vocabulary

Array = NDArray[np.float32]
Right = NDArray[np.bool_]

SVM = "linear SVM"


def parsed(variant: str) -> EmbeddingSettings:
    """Return the settings given as `name=value,...`; all others are the defaults."""
    changes = dict(change.split("=", 1) for change in variant.split(",") if change)
    return EmbeddingSettings.model_validate({name: json.loads(value) for name, value in changes.items()})


def told_right(
    examples: Examples, everything: Examples, targets: Array, settings: EmbeddingSettings, workers: int
) -> Right:
    """Return whether the nearest hashtag of each clip is right, by a network that did not see its fold, bool (n,)."""
    labels, fold = examples.labels, fold_of(examples, settings.seed)
    parts = [np.flatnonzero(fold == number) for number in range(FOLDS)]
    plan = {NetworkJob(everything.apart_from(part), targets): part for part in parts}
    right = np.zeros(len(labels), bool)
    for job, embedded in train_and_embed(list(plan), everything, settings=settings, workers=workers):
        judged = plan[job]
        right[judged] = hashtag_ranks(embedded[judged], labels[judged], targets) == 0
    return right


def main(
    work: Annotated[Path, typer.Argument(help="Work folder of a finished training.")],
    variants: Annotated[list[str] | None, typer.Argument(help="Settings to try, name=value,name=value.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Vocabularies.")] = 5,
    shuffles: Annotated[int, typer.Option(min=1, help="Draws of the folds.")] = 3,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = processors(),
) -> None:
    """Measure the linear SVM, the default settings, and each variant."""
    trained = Artifacts.under(work)
    space = TagSpace.load(trained.tag2vec)
    settings = {variant or "default": parsed(variant) for variant in ["", *(variants or [])]}
    found: dict[str, list[list[Right]]] = {name: [] for name in [SVM, *settings]}
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as temporary:
            artifacts = replace(trained, vocabulary=Path(temporary))
            learn_vocabulary(artifacts.vocabulary, artifacts, settings=VocabularySettings(seed=seed), workers=workers)
            examples = by_hashtag(artifacts, space)
            everything = examples.joined(background(artifacts)).in_their_span()
            targets, labels = target_vectors(space, examples.classes), examples.labels
            found[SVM].append([svm_answers(examples, shuffle) == labels for shuffle in range(shuffles)])
            for name, variant in settings.items():
                shuffled = [variant.model_copy(update={"seed": shuffle}) for shuffle in range(shuffles)]
                found[name].append([told_right(examples, everything, targets, one, workers) for one in shuffled])

    # The mean over the shuffles, of each vocabulary and clip: (seeds, n).
    shares = {name: np.mean(right, axis=1) for name, right in found.items()}
    members = labels == np.arange(len(examples.classes))[:, None]
    table = Table("variant", "clips", "over the SVM", "over sources", "mean over hashtags", "over the SVM")
    for name, share in shares.items():
        gains = share - shares[SVM]
        hashtags, hashtag_gains = ((values @ members.T / members.sum(axis=1)).mean(1) for values in (share, gains))
        table.add_row(
            name, f"{share.mean():.1%}", _with_error(gains.mean(axis=1)),
            f"± {over_sources(gains.mean(axis=0), examples.groups):.1%}",
            f"{hashtags.mean():.1%}", _with_error(hashtag_gains),
        )  # fmt: skip
    Console(width=110).print(table)


def _with_error(gains: NDArray[np.float64]) -> str:
    return f"{gains.mean():+.1%} ± {standard_error(gains):.1%}"


if __name__ == "__main__":
    typer.run(main)
