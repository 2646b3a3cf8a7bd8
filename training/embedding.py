"""Training of the embedding: a clip's Fisher vector towards the tag vector of its hashtag."""

import logging
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from safetensors.numpy import load_file, save

from models.bundles import EMBEDDING
from models.embedding import Embedding
from models.tagspace import TagSpace
from training.examples import by_hashtag, target_vectors
from training.progress import track

log = logging.getLogger(__name__)

Array = NDArray[np.float32]


class EmbeddingSettings(BaseModel):
    """How the embedding is learnt."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rank: int = Field(default=512, ge=1)
    """Directions that are kept of a Fisher vector, at most the number of clips."""
    hidden: int = Field(default=600, ge=1)
    """Tanh units."""
    iterations: int = Field(default=200, ge=1, le=1000)
    """Steps of the optimiser, each on all clips."""
    temperature: float = Field(default=0.1, gt=0)
    """Of the softmax over cosines; lower asks less of a clip that is already right."""
    closeness: float = Field(default=0.3, ge=0)
    """Weight of the squared distance to the clip's own tag vector, beside the softmax."""
    weight_decay: float = Field(default=0.01, ge=0)
    dropout: float = Field(default=0.5, ge=0, lt=1)
    """Share of a projected Fisher vector that is hidden at each step."""
    learning_rate: float = Field(default=3e-3, gt=0)
    seed: int = 0


def principal_directions(fisher: Array, rank: int) -> Array:
    """Return the right singular vectors of `fisher`, float32 (n, dimensions), of largest value: (rank, dimensions).

    By the n x n matrix of dot products, which is far smaller than a singular value decomposition would handle.
    """
    gram = (fisher @ fisher.T).astype(np.float64)
    values, vectors = np.linalg.eigh(gram)
    kept = values > values[-1] * 1e-6
    kept[: max(0, len(values) - rank)] = False
    left = vectors[:, kept][:, ::-1] / np.sqrt(values[kept][::-1])
    # The sign of an eigenvector means nothing and may differ between machines.
    left *= np.sign(left[np.abs(left).argmax(axis=0), range(left.shape[1])])
    return np.ascontiguousarray(left.T.astype(np.float32) @ fisher)


def train_embedding(
    fisher: Array, labels: NDArray[np.int64], targets: Array, settings: EmbeddingSettings, what: str = "embedding"
) -> Embedding:
    """Train the network.

    The loss has two parts. The cross-entropy of a softmax over the cosines between the embedded clip and the vectors
    of all hashtags tells hashtags apart. The squared distance to the own tag vector (the paper's loss) brings the clip
    where that tag's neighbours are, which is what will be suggested. Every hashtag has the same weight in both,
    however many clips it has.

    Parameters
    ----------
    fisher : float32 (n, dimensions)
    labels : int64 (n,)
        Rows of `targets`.
    targets : float32 (hashtags, out)
        Unit tag vectors.
    what : str
        Name for the progress.
    """
    # Rounded as the bundle stores it, so that what is trained is what will be used.
    projection = torch.from_numpy(principal_directions(fisher, settings.rank)).half().float()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = Embedding(projection, settings.hidden, targets.shape[1])
        projected = torch.nn.functional.linear(torch.from_numpy(fisher), projection)
        wanted, goals = torch.from_numpy(labels), torch.from_numpy(targets)
        weights = 1 / torch.bincount(wanted, minlength=len(goals)).clamp(min=1)
        shares = weights[wanted] / weights[wanted].sum()
        optimiser = torch.optim.AdamW(
            [*network.hidden.parameters(), *network.output.parameters()],
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
        )
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.iterations)
        for _ in track(range(settings.iterations), what, settings.iterations):
            optimiser.zero_grad()
            seen = torch.nn.functional.dropout(projected, settings.dropout)
            cosines = network.head(seen) @ goals.T
            telling_apart = torch.nn.functional.cross_entropy(cosines / settings.temperature, wanted, reduction="none")
            distances = 2 - 2 * cosines.gather(1, wanted[:, None])[:, 0]
            loss = shares @ (telling_apart + settings.closeness * distances)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return network.requires_grad_(False).eval()


def learn_embedding(out: Path, *, features: Path, vocabulary: Path, tag2vec: Path, settings: EmbeddingSettings) -> None:
    """Train on every clip whose hashtag has a vector, and write the network."""
    space = TagSpace.load(tag2vec)
    examples = by_hashtag(features, vocabulary, space)
    log.info("embedding: %d clips of %d hashtags", len(examples.labels), len(examples.classes))
    targets = target_vectors(space, examples.classes)
    network = train_embedding(examples.fisher, examples.labels, targets, settings)
    (out / EMBEDDING).write_bytes(save(network.tensors()))


def read_embedding(folder: Path) -> Embedding:
    """Return the network that was trained."""
    return Embedding.from_tensors(load_file(folder / EMBEDDING))
