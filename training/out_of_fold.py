"""Clips embedded by networks that never saw their like: what the evaluation and the calibration rest on.

Four kinds, each for every clip with a hashtag:

``embedded``
    by a network that saw no clip of its group, towards the bundle's own tag space (`training.evaluation.folds`);
``left_out``
    by a network that saw no clip of its hashtag;
``halves``
    as ``embedded``, towards the tag space of either half of the posts (`training.post_splits`);
``pairs``
    as ``halves``, by networks that saw no clip of a further fold either: what is fitted on these, of the clips outside
    that fold, has never had to do with a clip of it.
"""

import logging
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save

from models.tags.space import TagSpace
from training.embedding import EmbeddingSettings, train_embedding
from training.evaluation.folds import FOLDS, Rows, fold_of
from training.evaluation.paper import papers_answers
from training.examples import Examples, by_hashtag, target_vectors, unnamed
from training.post_splits import HALVES
from training.progress import track
from training.workers import in_processes

log = logging.getLogger(__name__)

Array = NDArray[np.float32]

HELD_OUT = "held_out.safetensors"


@dataclass(frozen=True)
class HeldOut:
    """Rows are clips, in the order of `training.examples.by_hashtag`; no vector but one of `paper` is longer than 1.

    Attributes
    ----------
    fold : int64 (n,)
        In which each clip is judged.
    embedded, left_out, paper : float32 (n, out)
        `paper`: as `embedded`, by the paper's own network.
    halves : float32 (2, n, out)
    pairs : float32 (2, FOLDS, n, out)
        By networks that saw neither the fold of the second axis nor that of the clip.
    """

    fold: Rows
    embedded: Array
    left_out: Array
    paper: Array
    halves: Array
    pairs: Array

    def write(self, folder: Path) -> None:
        """Write all arrays into one file."""
        (folder / HELD_OUT).write_bytes(save(dict(vars(self))))

    @classmethod
    def read(cls, folder: Path) -> "HeldOut":
        """Read what `write` wrote."""
        return cls(**load_file(folder / HELD_OUT))


@dataclass(frozen=True, eq=False)
class Network:
    """One network to be trained: on which rows, towards which vectors, and which of its output is kept where.

    `kept` holds the name of an array, an index into its leading axes, and rows.
    """

    seen: Rows
    targets: Array
    kept: list[tuple[str, tuple[int, ...], Rows]]


def embed_held_out(
    out: Path,
    *,
    features: Path,
    vocabulary: Path,
    tag2vec: Path,
    halves: Path,
    settings: EmbeddingSettings,
    workers: int,
) -> None:
    """Train every network and write what each makes of the clips that it never saw."""
    space = TagSpace.load(tag2vec)
    examples = by_hashtag(features, vocabulary, space)
    everything = examples.joined(unnamed(features, vocabulary)).in_their_span()
    n, d, fold = len(examples.labels), space.dimensions, fold_of(examples, settings.seed)
    networks = _networks(
        everything,
        fold,
        target_vectors(space, examples.classes),
        [target_vectors(TagSpace.load(halves / half), examples.classes) for half in HALVES],
    )
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(("embedded", "left_out", "paper"), (n, d))
    shapes |= {"halves": (len(HALVES), n, d), "pairs": (len(HALVES), FOLDS, n, d)}
    found = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    embedded = embed_by(networks, everything, settings=settings, workers=workers)
    for network, vectors in track(embedded, "networks", len(networks)):
        for name, where, rows in network.kept:
            found[name][where][rows] = vectors[rows]
    HeldOut(fold, **found).write(out)


def _networks(everything: Examples, fold: Rows, targets: Array, halves: list[Array]) -> list[Network]:
    networks = []
    for number in range(FOLDS):
        judged = np.flatnonzero(fold == number)
        seen = everything.apart_from(judged)
        networks.append(Network(seen, targets, [("paper", (), judged)]))
        networks.append(Network(seen, targets, [("embedded", (), judged)]))
        for half, goals in enumerate(halves):
            kept = [("halves", (half,), judged), ("pairs", (half, number), judged)]
            networks.append(Network(seen, goals, kept))
    for one, other in combinations(range(FOLDS), 2):
        first, second = np.flatnonzero(fold == one), np.flatnonzero(fold == other)
        seen = everything.apart_from(np.concatenate([first, second]))
        for half, goals in enumerate(halves):
            kept = [("pairs", (half, one), second), ("pairs", (half, other), first)]
            networks.append(Network(seen, goals, kept))
    for label in range(len(targets)):
        own = np.flatnonzero(everything.labels == label)
        seen = everything.apart_from(own)
        if (everything.labels[seen] < len(targets)).any():
            networks.append(Network(seen, targets, [("left_out", (), own)]))
    return networks


def embed_by(
    networks: Sequence[Network], examples: Examples, *, settings: EmbeddingSettings, workers: int
) -> Iterator[tuple[Network, Array]]:
    """Train networks in processes of their own; yield each, as they come, with all examples embedded: (n, out)."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "examples.npz"
        np.savez(data, views=examples.views, labels=examples.labels)
        embed = partial(_embed_all, data=data, settings=settings)
        for network, embedded in in_processes(embed, networks, workers=workers):
            if isinstance(embedded, Exception):
                raise embedded
            yield network, embedded


def _embed_all(network: Network, *, data: Path, settings: EmbeddingSettings) -> Array:
    """Train a network on some of the clips in `data`, and embed all, float32 (n, out)."""
    with np.load(data) as arrays:
        views, labels = arrays["views"], arrays["labels"]
    seen, fisher = network.seen, views.mean(axis=0)
    if network.kept[0][0] == "paper":
        named = seen[labels[seen] < len(network.targets)]
        return papers_answers(fisher[named], labels[named], network.targets, fisher, seed=settings.seed)
    trained = train_embedding(views[:, seen], labels[seen], network.targets, settings)
    return trained.embed(fisher)
