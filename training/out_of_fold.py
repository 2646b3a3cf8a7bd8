"""Out-of-fold embeddings: every clip embedded by networks that saw no clip of its source.

Evaluation and calibration rest on them. There are six kinds, each for every clip with a hashtag:

``embedded``
    by a network that saw no clip of its fold, and so of its group, towards the bundle's own tag space
    (`training.evaluation.folds`);
``by_source``
    as ``embedded``, by a network that saw no clip of its source either, nor of others in its fold by source;
``left_out``
    by a network that saw no clip of its hashtag;
``post_splits``
    as ``embedded``, towards the tag space of either half of the posts (`training.post_splits`);
``left_out_post_splits``
    as ``left_out``, towards the same two spaces;
``pairs``
    as ``post_splits``, by networks that saw no clip of a second fold either: a calibration fitted on these, on the
    clips outside that second fold, is unseen by its clips.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.tags.space import TagSpace
from models.tensor_file import read_tensors, write_tensors
from training.artifacts import Artifacts
from training.embedding import EmbeddingSettings
from training.evaluation.folds import FOLDS, Rows, fold_of, source_fold_of
from training.evaluation.paper import train_paper_network
from training.examples import Examples, background, by_hashtag, target_vectors
from training.network_job import NetworkJob, train_and_embed
from training.post_splits import SPLITS
from training.progress import track

log = logging.getLogger(__name__)

Array = NDArray[np.float32]

OUT_OF_FOLD = "out_of_fold.safetensors"


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Rows are clips, in the order of `training.examples.by_hashtag`; only vectors of `paper` may be longer than 1.

    Attributes
    ----------
    fold : int64 (n,)
        The fold of each clip.
    source_fold : int64 (n,)
        Its fold by source; -1 if there are too few sources.
    embedded, by_source, left_out, paper : float32 (n, out)
        `by_source`: zeros without folds by source. `paper`: as `embedded`, by the paper's own network.
    post_splits, left_out_post_splits : float32 (2, n, out)
    pairs : float32 (2, FOLDS, n, out)
        By networks that saw neither the clip's fold nor that of the second axis.
    """

    fold: Rows
    source_fold: Rows
    embedded: Array
    by_source: Array
    left_out: Array
    paper: Array
    post_splits: Array
    left_out_post_splits: Array
    pairs: Array

    @classmethod
    def zeros(cls, fold: Rows, source_fold: Rows, out: int) -> "OutOfFold":
        """Return arrays to be filled."""
        shape, splits = (len(fold), out), len(SPLITS)
        shapes = (shape, shape, shape, shape, (splits, *shape), (splits, *shape), (splits, FOLDS, *shape))
        return cls(fold, source_fold, *(np.zeros(each, np.float32) for each in shapes))

    def write(self, folder: Path) -> None:
        """Write all arrays into one file."""
        write_tensors(folder / OUT_OF_FOLD, vars(self))

    @classmethod
    def read(cls, folder: Path) -> "OutOfFold":
        """Read what `write` wrote."""
        return cls(**read_tensors(folder / OUT_OF_FOLD))


@dataclass(frozen=True, eq=False)
class Destination:
    """Where vectors of some of the clips are kept: in an array or a view of one, float32 (n, out), at `rows`."""

    array: Array
    rows: Rows

    def keep(self, vectors: Array) -> None:
        """Copy the vectors of these rows, from those of all examples."""
        self.array[self.rows] = vectors[self.rows]


def embed_out_of_fold(out: Path, artifacts: Artifacts, *, settings: EmbeddingSettings, workers: int) -> None:
    """Train all networks and write how each embeds the clips that it did not see."""
    space = TagSpace.load(artifacts.tag2vec)
    examples = by_hashtag(artifacts, space)
    everything = examples.joined(background(artifacts)).in_their_span()
    found = OutOfFold.zeros(fold_of(examples, settings.seed), source_fold_of(examples, settings.seed), space.dimensions)
    plan = plan_networks(
        everything,
        found,
        target_vectors(space, examples.classes),
        [target_vectors(TagSpace.load(artifacts.post_splits / split), examples.classes) for split in SPLITS],
    )
    trained = train_and_embed(list(plan), everything, settings=settings, workers=workers)
    for job, vectors in track(trained, "out-of-fold networks", len(plan)):
        for destination in plan[job]:
            destination.keep(vectors)
    found.write(out)


def plan_networks(
    everything: Examples, found: OutOfFold, targets: Array, split_targets: Sequence[Array]
) -> dict[NetworkJob, list[Destination]]:
    """Return the networks to train, and where in `found` the vectors of the clips that each did not see belong.

    Parameters
    ----------
    everything : Examples
        The clips of `found`, followed by those of background classes.
    found : OutOfFold
    targets : float32 (hashtags, out)
        Tag vectors of the bundle's tag space.
    split_targets : sequence of float32 (hashtags, out)
        Those of the tag space of each half of the posts.
    """
    plan: dict[NetworkJob, list[Destination]] = {}
    folds = [np.flatnonzero(found.fold == number) for number in range(FOLDS)]
    for number, judged in enumerate(folds):
        seen = everything.apart_from(judged)
        plan[NetworkJob(seen, targets, train_paper_network)] = [Destination(found.paper, judged)]
        plan[NetworkJob(seen, targets)] = [Destination(found.embedded, judged)]
        for split, goals in enumerate(split_targets):
            arrays = (found.post_splits[split], found.pairs[split, number])
            plan[NetworkJob(seen, goals)] = [Destination(array, judged) for array in arrays]
    for one, other in combinations(range(FOLDS), 2):
        seen = everything.apart_from(np.concatenate([folds[one], folds[other]]))
        for split, goals in enumerate(split_targets):
            pairs = found.pairs[split]
            plan[NetworkJob(seen, goals)] = [
                Destination(pairs[one], folds[other]),
                Destination(pairs[other], folds[one]),
            ]
    sources = everything.by_source()
    for number in range(FOLDS):
        judged = np.flatnonzero(found.source_fold == number)
        seen = sources.apart_from(judged)
        if len(judged) and (everything.labels[seen] < len(targets)).any():
            plan[NetworkJob(seen, targets)] = [Destination(found.by_source, judged)]
    for label in range(len(targets)):
        own = np.flatnonzero(everything.labels == label)
        seen = everything.apart_from(own)
        if (everything.labels[seen] < len(targets)).any():
            plan[NetworkJob(seen, targets)] = [Destination(found.left_out, own)]
            for split, goals in enumerate(split_targets):
                plan[NetworkJob(seen, goals)] = [Destination(found.left_out_post_splits[split], own)]
    return plan
