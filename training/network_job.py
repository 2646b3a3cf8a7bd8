"""Networks that are trained side by side on some of the examples, each in a process of its own, and embed all."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from training.embedding import EmbeddingSettings, train_embedding
from training.examples import Examples, whole
from training.workers import in_processes

Array = NDArray[np.float32]
Rows = NDArray[np.int64]


class Network(Protocol):
    """What has been trained."""

    def embed(self, vectors: Array) -> Array:
        """Embed vectors such as it was trained on, float32 (n, dimensions) to (n, out)."""
        ...


@dataclass(frozen=True, eq=False)
class NetworkJob:
    """A network to train.

    Attributes
    ----------
    seen : int64 (m,)
        Rows of the examples that it learns from.
    targets : float32 (hashtags, out)
        Unit tag vectors; labels past the last are background classes.
    train : callable
        Trains it: from parts (3, m, dimensions), labels (m,), targets and settings.
    """

    seen: Rows
    targets: Array
    train: Callable[[Array, Rows, Array, EmbeddingSettings], Network] = train_embedding


def train_and_embed(
    jobs: Sequence[NetworkJob], examples: Examples, *, settings: EmbeddingSettings, workers: int
) -> Iterator[tuple[NetworkJob, Array]]:
    """Yield each job with all examples as its network embeds them, float32 (n, out), in the order of completion."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "examples.npz"
        np.savez(data, parts=examples.parts, labels=examples.labels)
        for job, embedded in in_processes(partial(_embed_all, data=data, settings=settings), jobs, workers=workers):
            if isinstance(embedded, Exception):
                raise embedded
            yield job, embedded


def _embed_all(job: NetworkJob, *, data: Path, settings: EmbeddingSettings) -> Array:
    with np.load(data) as arrays:
        parts, labels = arrays["parts"], arrays["labels"]
    network = job.train(parts[:, job.seen], labels[job.seen], job.targets, settings)
    return network.embed(whole(parts))
