"""Training of the embedding: a clip's Fisher vector towards the tag vector of its hashtag."""

import logging
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from safetensors.numpy import load_file, save
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, dropout, normalize

from models.bundle.files import EMBEDDING
from models.embedding import Embedding
from models.tags.space import TagSpace
from training.examples import by_hashtag, target_vectors, unnamed

log = logging.getLogger(__name__)

Array = NDArray[np.float32]


class EmbeddingSettings(BaseModel):
    """How the embedding is learnt."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rank: int = Field(default=1024, ge=1)
    """Most directions that are kept of a Fisher vector; there are no more than clips."""
    members: int = Field(default=6, ge=1)
    """Networks that are trained apart; what they make of a clip is averaged."""
    hidden: int = Field(default=600, ge=1)
    """Tanh units of each."""
    iterations: int = Field(default=100, ge=1, le=1000)
    """Steps of the optimiser; with more, the networks are sure of clips that they know nothing of."""
    batch: int = Field(default=128, ge=1)
    """Clips of each step, drawn by chance."""
    temperature: float = Field(default=0.1, gt=0)
    """Of the softmax over cosines; lower asks less of a clip that is already right."""
    closeness: float = Field(default=0.03, ge=0)
    """Weight of the squared distance to the clip's own tag vector, beside the softmax."""
    unnamed: float = Field(default=0.5, ge=0)
    """Weight of clips without a hashtag, beside those that have one."""
    weight_decay: float = Field(default=0.01, ge=0)
    dropout: float = Field(default=0.3, ge=0, lt=1)
    """Share of a projected Fisher vector that is hidden at each step."""
    learning_rate: float = Field(default=3e-3, gt=0)
    seed: int = 0


class Ensemble(nn.Module):
    """Networks of one size that differ by chance, each starting as `torch.nn.Linear` would.

    Parameters
    ----------
    members : int
        How many.
    rank : int
        Dimensions of a projected Fisher vector.
    hidden : int
        Tanh units of each.
    out : int
        Dimensions of the tag space.
    """

    def __init__(self, members: int, rank: int, hidden: int, out: int) -> None:
        super().__init__()
        self.hidden_weight = _uniform(members, rank, hidden, fan_in=rank)
        self.hidden_bias = _uniform(members, 1, hidden, fan_in=rank)
        self.output_weight = _uniform(members, hidden, out, fan_in=hidden)
        self.output_bias = _uniform(members, 1, out, fan_in=hidden)

    def forward(self, projected: Tensor) -> Tensor:
        """Take (members, n, rank), an input for each network, to rows of unit length, (members, n, out)."""
        hidden = torch.tanh(torch.baddbmm(self.hidden_bias, projected, self.hidden_weight))
        return normalize(torch.baddbmm(self.output_bias, hidden, self.output_weight), dim=-1)


def _uniform(*shape: int, fan_in: int) -> nn.Parameter:
    bound = fan_in**-0.5
    return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))


def frozen(projection: Array, ensemble: Ensemble) -> Embedding:
    """Return what inference needs of a trained ensemble: no torch, and `projection`, float32 (rank, dim), in 8 bits."""
    scale = np.abs(projection).max(axis=1) / np.float32(np.iinfo(np.int8).max)
    weights = {name: tensor.detach().numpy() for name, tensor in ensemble.state_dict().items()}
    return Embedding(np.rint(projection / scale[:, None]).astype(np.int8), scale, **weights)


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
    """Train the networks.

    The loss has two parts. The cross-entropy of a softmax over the cosines between the embedded clip and the vectors
    of all hashtags tells hashtags apart. The squared distance to the own tag vector (the paper's loss) brings the clip
    where that tag's neighbours are, which is what will be suggested. In both a hashtag weighs as the square root of its
    clips: neither the hashtags that have many nor those that have few are given up for the others.

    Motions without a hashtag are to be told apart as well, so that a clip of none of the hashtags is not taken for one
    with certainty. No tag says where in the space they belong: each has a vector that is learnt and then forgotten.

    What will be embedded is the mean of a clip's two views. Each time that a clip is drawn it is shown as a mean of
    them with weights drawn by chance: examples without end, about the one that counts.

    Parameters
    ----------
    views : float32 (2, n, dimensions)
        Fisher vectors of the clips as they are, and seen in a mirror.
    labels : int64 (n,)
        Rows of `targets`; those past the last are motions without a hashtag.
    targets : float32 (hashtags, out)
        Unit tag vectors.
    """
    named = labels < len(targets)
    projection = principal_directions(views[:, named].mean(axis=0), settings.rank)
    plain, mirrored = torch.from_numpy(views) @ torch.from_numpy(projection).T
    wanted, tags = torch.from_numpy(labels), torch.from_numpy(targets)
    weights = torch.bincount(wanted)[wanted] ** -0.5
    weights[torch.from_numpy(~named)] *= settings.unnamed
    weights *= len(wanted) / weights.sum()
    size = (settings.members, settings.batch)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        ensemble = Ensemble(settings.members, len(projection), settings.hidden, targets.shape[1])
        others = nn.Parameter(
            torch.randn(settings.members, max(0, int(labels.max()) + 1 - len(targets)), targets.shape[1])
        )
        optimiser = torch.optim.AdamW(
            [*ensemble.parameters(), others], lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.iterations)
        for _ in range(settings.iterations):
            optimiser.zero_grad()
            rows = torch.randint(len(wanted), size)
            shown = torch.lerp(plain[rows], mirrored[rows], torch.rand(*size, 1))
            seen = dropout(shown, settings.dropout)
            goals = torch.cat([tags.expand(settings.members, -1, -1), normalize(others, dim=-1)], dim=1)
            cosines = ensemble(seen) @ goals.mT
            logits, right = (cosines / settings.temperature).flatten(0, 1), wanted[rows].flatten()
            telling_apart = cross_entropy(logits, right, reduction="none").view(size)
            distances = 2 - 2 * cosines.gather(2, wanted[rows][..., None])[..., 0]
            # A mean for each network, and no network touches another's weights.
            loss = (weights[rows] * (telling_apart + settings.closeness * distances)).mean(dim=1).sum()
            loss.backward()
            optimiser.step()
            schedule.step()
    return frozen(projection, ensemble)


def learn_embedding(out: Path, *, features: Path, vocabulary: Path, tag2vec: Path, settings: EmbeddingSettings) -> None:
    """Train on every clip whose hashtag has a vector and every one without a hashtag, and write the networks."""
    space = TagSpace.load(tag2vec)
    examples = by_hashtag(features, vocabulary, space)
    log.info("embedding: %d clips of %d hashtags", len(examples.labels), len(examples.classes))
    targets = target_vectors(space, examples.classes)
    everything = examples.joined(unnamed(features, vocabulary))
    network = train_embedding(everything.views, everything.labels, targets, settings)
    (out / EMBEDDING).write_bytes(save(network.tensors()))


def read_embedding(folder: Path) -> Embedding:
    """Return the networks that were trained."""
    return Embedding.from_tensors(load_file(folder / EMBEDDING))
