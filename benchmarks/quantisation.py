"""What it costs to store the embedding in few bits: how often the trained hashtag nearest to an unseen clip is right.

The projection is rounded as in a bundle, in all its dimensions; the weights behind it are rounded in all rows but the
first. Clips of one group, or of one source, are never split between learning and judging. Features and tag
vectors are those of a finished training.

    python -m benchmarks.quantisation work/default --bits 4 --bits 2
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.standard_error import standard_error
from models.quantisation import quantise, rounded
from models.tags.space import TagSpace
from training.artifacts import Artifacts
from training.embedding import DIGITS, EmbeddingSettings, TrainedNetworks, train_embedding
from training.evaluation.folds import FOLDS, Rows, fold_of, source_fold_of
from training.evaluation.nearest import hashtag_ranks
from training.examples import background, by_hashtag, target_vectors

EXACT = "exact"


def with_rounded_weights(networks: TrainedNetworks) -> TrainedNetworks:
    """Return networks after rounding their weights as a bundle's, in place."""
    with torch.no_grad():
        for weight in (networks.ensemble.hidden_weight, networks.ensemble.output_weight):
            weight.copy_(torch.from_numpy(rounded(weight.detach().numpy(), DIGITS)))
    return networks


def with_bits(networks: TrainedNetworks, bits: int) -> TrainedNetworks:
    """Return networks behind a projection in so many bits."""
    levels, scale = quantise(networks.projection, bits)
    return replace(networks, projection=levels * scale[:, None])


def main(
    work: Annotated[Path, typer.Argument(help="Work folder of a finished training.")],
    bits: Annotated[list[int], typer.Option(min=1, max=7, help="Of each number of the projection.")] = [4, 2],  # noqa: B006
    rank: Annotated[int, typer.Option(min=1, help="Principal directions.")] = EmbeddingSettings().rank,
    seeds: Annotated[int, typer.Option(min=2, help="Draws of the folds and of the networks' first weights.")] = 3,
) -> None:
    """Measure by group and by source."""
    artifacts = Artifacts.under(work)
    space = TagSpace.load(artifacts.tag2vec)
    examples = by_hashtag(artifacts, space)
    everything = examples.joined(background(artifacts))
    sources, targets, labels = everything.by_source(), target_vectors(space, examples.classes), examples.labels

    def variants(seen: Rows, settings: EmbeddingSettings) -> Iterator[tuple[str, TrainedNetworks]]:
        exact = train_embedding(everything.parts[:, seen], everything.labels[seen], targets, settings)
        yield EXACT, exact
        yield "exact, weights rounded", with_rounded_weights(exact)
        for number in bits:
            yield f"{number} bits", with_bits(exact, number)

    table = Table("", "projection", "clips", "gain", "mean over hashtags", "gain")
    for kind, grouped, folds in (("by group", everything, fold_of), ("by source", sources, source_fold_of)):
        found: dict[str, list[tuple[float, float]]] = {}
        for seed in range(seeds):
            fold = folds(examples, seed)
            right: dict[str, NDArray[np.bool_]] = {}
            judged = np.zeros(len(labels), bool)
            for number in range(FOLDS):
                rows = np.flatnonzero(fold == number)
                seen = grouped.apart_from(rows)
                rows = rows[np.isin(labels[rows], everything.labels[seen])]
                judged[rows] = True
                for name, networks in variants(seen, EmbeddingSettings(rank=rank, seed=seed)):
                    embedded = networks.embed(examples.vectors[rows])
                    told = hashtag_ranks(embedded, labels[rows], targets) == 0
                    right.setdefault(name, np.zeros(len(labels), bool))[rows] = told
            for name, told in right.items():
                shares = [told[judged & (labels == label)].mean() for label in np.unique(labels[judged])]
                found.setdefault(name, []).append((float(told[judged].mean()), float(np.mean(shares))))
        for name, values in found.items():
            over_clips, over_hashtags = (np.array(values) - found[EXACT]).T
            clips, hashtags = np.mean(values, axis=0)
            table.add_row(kind, name, f"{clips:.1%}", _gain(over_clips), f"{hashtags:.1%}", _gain(over_hashtags))
    Console(width=110).print(table)


def _gain(gains: NDArray[np.float64]) -> str:
    return f"{gains.mean():+.1%} ± {standard_error(gains):.1%}"


if __name__ == "__main__":
    typer.run(main)
