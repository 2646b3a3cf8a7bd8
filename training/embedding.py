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

log = logging.getLogger(__name__)

Array = NDArray[np.float32]


class EmbeddingSettings(BaseModel):
    """How the embedding is learnt."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rank: int = Field(default=1024, ge=1)
    """Most directions that are kept of a Fisher vector; there are no more than clips."""
    members: int = Field(default=6, ge=1)
    """Networks that are trained apart and then joined into one, whose output is their mean."""
    hidden: int = Field(default=600, ge=1)
    """Tanh units of each."""
    iterations: int = Field(default=200, ge=1, le=1000)
    """Steps of the optimiser."""
    batch: int = Field(default=128, ge=1)
    """Clips of each step, drawn by chance."""
    temperature: float = Field(default=0.1, gt=0)
    """Of the softmax over cosines; lower asks less of a clip that is already right."""
    closeness: float = Field(default=0.03, ge=0)
    """Weight of the squared distance to the clip's own tag vector, beside the softmax."""
    weight_decay: float = Field(default=0.01, ge=0)
    dropout: float = Field(default=0.3, ge=0, lt=1)
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


def train_embedding(views: Array, labels: NDArray[np.int64], targets: Array, settings: EmbeddingSettings) -> Embedding:
    """Train the network.

    The loss has two parts. The cross-entropy of a softmax over the cosines between the embedded clip and the vectors
    of all hashtags tells hashtags apart. The squared distance to the own tag vector (the paper's loss) brings the clip
    where that tag's neighbours are, which is what will be suggested. In both a hashtag weighs as the square root of its
    clips: neither the hashtags that have many nor those that have few are given up for the others.

    What will be embedded is the mean of a clip's two views. Each time that a clip is drawn it is shown as a mean of
    them with weights drawn by chance: examples without end, about the one that counts.

    Several networks that differ by chance are trained, and laid side by side: their hidden units together make one
    network of the same form, with the mean of their outputs for its output.

    Parameters
    ----------
    views : float32 (2, n, dimensions)
        Fisher vectors of the clips as they are, and seen in a mirror.
    labels : int64 (n,)
        Rows of `targets`.
    targets : float32 (hashtags, out)
        Unit tag vectors.
    """
    projection = torch.from_numpy(principal_directions(views.mean(axis=0), settings.rank))
    plain, mirrored = torch.from_numpy(views) @ projection.T
    wanted, goals = torch.from_numpy(labels), torch.from_numpy(targets)
    weights = torch.bincount(wanted, minlength=len(goals))[wanted] ** -0.5
    weights *= len(wanted) / weights.sum()
    size = (settings.members, settings.batch)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        members = _Members(settings.members, len(projection), settings.hidden, targets.shape[1])
        optimiser = torch.optim.AdamW(
            members.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.iterations)
        for _ in range(settings.iterations):
            optimiser.zero_grad()
            rows = torch.randint(len(wanted), size)
            shown = torch.lerp(plain[rows], mirrored[rows], torch.rand(*size, 1))
            seen = torch.nn.functional.dropout(shown, settings.dropout)
            cosines = torch.nn.functional.normalize(members(seen), dim=-1) @ goals.T
            logits, right = (cosines / settings.temperature).flatten(0, 1), wanted[rows].flatten()
            telling_apart = torch.nn.functional.cross_entropy(logits, right, reduction="none").view(size)
            distances = 2 - 2 * cosines.gather(2, wanted[rows][..., None])[..., 0]
            # A mean for each network, and no network touches another's weights.
            loss = (weights[rows] * (telling_apart + settings.closeness * distances)).mean(dim=1).sum()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
        return members.joined(projection)


class _Members(torch.nn.Module):
    """Heads of several networks of one size, trained at once; each starts as `torch.nn.Linear` would."""

    def __init__(self, count: int, rank: int, hidden: int, out: int) -> None:
        super().__init__()
        self.inward, self.inward_bias = _uniform(count, rank, hidden), _uniform(count, 1, hidden, fan_in=rank)
        self.outward, self.outward_bias = _uniform(count, hidden, out), _uniform(count, 1, out, fan_in=hidden)

    def forward(self, projected: torch.Tensor) -> torch.Tensor:
        """Take (count, n, rank), an input for each network, to (count, n, out)."""
        hidden = torch.tanh(torch.baddbmm(self.inward_bias, projected, self.inward))
        return torch.baddbmm(self.outward_bias, hidden, self.outward)

    def joined(self, projection: torch.Tensor) -> Embedding:
        """Return one network that gives the mean of all."""
        count, hidden, out = self.outward.shape
        network = Embedding(projection, count * hidden, out).requires_grad_(False).eval()
        network.hidden.weight.copy_(self.inward.transpose(1, 2).flatten(0, 1))
        network.hidden.bias.copy_(self.inward_bias.flatten())
        network.output.weight.copy_(self.outward.flatten(0, 1).T / count)
        network.output.bias.copy_(self.outward_bias.mean(dim=0)[0])
        return network


def _uniform(*shape: int, fan_in: int | None = None) -> torch.nn.Parameter:
    bound = (fan_in or shape[1]) ** -0.5
    return torch.nn.Parameter(torch.empty(shape).uniform_(-bound, bound))


def learn_embedding(out: Path, *, features: Path, vocabulary: Path, tag2vec: Path, settings: EmbeddingSettings) -> None:
    """Train on every clip whose hashtag has a vector, and write the network."""
    space = TagSpace.load(tag2vec)
    examples = by_hashtag(features, vocabulary, space)
    log.info("embedding: %d clips of %d hashtags", len(examples.labels), len(examples.classes))
    targets = target_vectors(space, examples.classes)
    network = train_embedding(examples.views, examples.labels, targets, settings)
    (out / EMBEDDING).write_bytes(save(network.tensors()))


def read_embedding(folder: Path) -> Embedding:
    """Return the network that was trained."""
    return Embedding.from_tensors(load_file(folder / EMBEDDING))
