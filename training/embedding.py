"""Training of the embedding: from a clip's motion and appearance to the tag vector of its hashtag."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, dropout, normalize

from models.embedding import BITS, Embedding
from models.quantisation import quantise, rounded
from models.tags.space import TagSpace
from training.appearance import read_appearances
from training.artifacts import Artifacts
from training.examples import background, by_hashtag, target_vectors, whole
from training.singular_vectors import left_singular_vectors

log = logging.getLogger(__name__)

Array = NDArray[np.float32]

DIGITS = 6
"""Significant binary digits of the networks' weights. Rounding to these moves clips less than the projection's."""


class EmbeddingSettings(BaseModel):
    """How the embedding is trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rank: int = Field(default=256, ge=1)
    """Principal directions of the fused vectors to keep, at most; there are no more than clips. More tell more about
    where clips were filmed: they get fewer right from sources that were never seen."""
    members: int = Field(default=6, ge=1)
    """Networks in the ensemble; the mean of their outputs is used."""
    hidden: int = Field(default=600, ge=1)
    """Tanh units of each network."""
    iterations: int = Field(default=100, ge=1, le=1000)
    """Steps of the optimiser; more make the networks overconfident about unfamiliar clips."""
    batch: int = Field(default=128, ge=1)
    """Clips in each step, drawn at random."""
    temperature: float = Field(default=0.1, gt=0)
    """Of the softmax over cosines, in the loss and, saved in the bundle, in ranking and calibration."""
    closeness: float = Field(default=0.03, ge=0)
    """Weight of the squared distance to the clip's own tag vector, relative to the cross-entropy."""
    background: float = Field(default=0.5, ge=0)
    """Weight of clips of background classes, relative to clips with a hashtag."""
    weight_decay: float = Field(default=0.01, ge=0)
    dropout: float = Field(default=0.3, ge=0, lt=1)
    """Share of the projected vector set to zero in each step."""
    hidden_part: float = Field(default=0.4, ge=0, le=0.5)
    """Share of the steps in which a clip's motion is hidden, and of those in which its appearance is (Neverova et al.,
    "ModDrop: Adaptive Multi-Modal Gesture Recognition", TPAMI 2016)."""
    learning_rate: float = Field(default=3e-3, gt=0)
    seed: int = 0


class Ensemble(nn.Module):
    """Networks of the same size with different random weights, initialised as `torch.nn.Linear` does.

    Parameters
    ----------
    members : int
        Number of networks.
    rank : int
        Dimensions of a projected vector.
    hidden : int
        Tanh units of each network.
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
        """Map (members, n, rank), an input for each network, to unit vectors, (members, n, out)."""
        hidden = torch.tanh(torch.baddbmm(self.hidden_bias, projected, self.hidden_weight))
        return normalize(torch.baddbmm(self.output_bias, hidden, self.output_weight), dim=-1)


def _uniform(*shape: int, fan_in: int) -> nn.Parameter:
    bound = fan_in**-0.5
    return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))


@dataclass(frozen=True, eq=False)
class TrainedNetworks:
    """Networks with the projection that comes before them, float32 (rank, dimensions)."""

    projection: Array
    ensemble: Ensemble

    def embed(self, vectors: Array) -> Array:
        """Embed vectors such as those learnt from, float32 (n, dimensions) to (n, out), as `Embedding` does."""
        projected = torch.from_numpy(vectors @ self.projection.T)
        with torch.inference_mode():
            embedded: Array = self.ensemble(projected.expand(len(self.ensemble.hidden_bias), -1, -1)).mean(0).numpy()
        return embedded


def frozen(networks: TrainedNetworks, appearance_mean: Array, appearance_deviation: Array) -> Embedding:
    """Return networks for inference: without torch, rounded as they are stored.

    Parameters
    ----------
    networks : TrainedNetworks
    appearance_mean, appearance_deviation : float32 (2 d,)
        Of the features of appearance, as in the vectors that the networks learnt from.
    """
    projection, scale = quantise(networks.projection, BITS)
    ensemble = networks.ensemble
    return Embedding(
        projection=projection,
        scale=scale,
        appearance_mean=appearance_mean,
        appearance_deviation=appearance_deviation,
        hidden_weight=rounded(ensemble.hidden_weight.detach().numpy(), DIGITS),
        hidden_bias=ensemble.hidden_bias.detach().numpy(),
        output_weight=rounded(ensemble.output_weight.detach().numpy(), DIGITS),
        output_bias=ensemble.output_bias.detach().numpy(),
    )


def principal_directions(vectors: Array, rank: int) -> Array:
    """Return the first right singular vectors, float32 (rank, dimensions), of the rows of a matrix (n, dimensions)."""
    u, s = left_singular_vectors(vectors, rank)
    return np.ascontiguousarray((u / s).T.astype(np.float32) @ vectors)


def train_embedding(
    parts: Array, labels: NDArray[np.int64], targets: Array, settings: EmbeddingSettings
) -> TrainedNetworks:
    """Train the networks.

    The loss has two terms. The cross-entropy of a softmax over the cosines between the embedded clip and the vectors of
    all hashtags separates the hashtags. The squared distance to the clip's own tag vector (the paper's loss) moves the
    clip to where that tag's neighbours are, which are what will be suggested. In both, the weight of a hashtag is the
    square root of its number of clips, so that neither frequent nor rare hashtags are sacrificed.

    Background classes are separated as well, so that a clip of none of the hashtags is not confidently taken for one.
    No tag says where in the space they belong, so each has a vector that is learnt with the network and then dropped.

    What will be embedded is the mean of a clip and its mirror image. In training, a clip is shown as a random weighted
    mean of the two each time it is drawn, which augments the data. Sometimes its motion is hidden, and as often its
    appearance, so that networks can do with either and do not learn a place where all clips of a hashtag were filmed.

    Parameters
    ----------
    parts : float32 (3, n, dimensions)
        Motion, mirrored motion and appearance of the clips; see `training.examples.Examples`.
    labels : int64 (n,)
        Rows of `targets`; those past the last are background classes.
    targets : float32 (hashtags, out)
        Unit tag vectors.
    """
    named = labels < len(targets)
    projection = principal_directions(whole(parts[:, named]), settings.rank)
    motion, mirrored, appearance = torch.from_numpy(parts) @ torch.from_numpy(projection).T
    wanted, tags = torch.from_numpy(labels), torch.from_numpy(targets)
    weights = torch.bincount(wanted)[wanted] ** -0.5
    weights[torch.from_numpy(~named)] *= settings.background
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
            moving = torch.lerp(motion[rows], mirrored[rows], torch.rand(*size, 1))
            hiding = torch.rand(*size, 1)
            shown = moving * (hiding >= settings.hidden_part) + appearance[rows] * (hiding < 1 - settings.hidden_part)
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
    return TrainedNetworks(projection, ensemble)


def learn_embedding(out: Path, artifacts: Artifacts, *, settings: EmbeddingSettings) -> None:
    """Train on all clips whose hashtag has a vector and all of background classes, and write the networks."""
    space = TagSpace.load(artifacts.tag2vec)
    examples = by_hashtag(artifacts, space)
    log.info("embedding: %d clips of %d hashtags", len(examples.labels), len(examples.classes))
    targets = target_vectors(space, examples.classes)
    everything = examples.joined(background(artifacts))
    networks = train_embedding(everything.parts, everything.labels, targets, settings)
    standard = read_appearances(artifacts.appearance).standard()
    frozen(networks, *standard).save(out)
