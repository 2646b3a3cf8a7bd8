"""The paper's own network, for comparison: 600 tanh units, squared error, L-BFGS (ICVGIP 2016, section 3.3).

It learns from what our networks learn from. The paper had motion alone.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from training.embedding import EmbeddingSettings
from training.examples import whole
from training.singular_vectors import left_singular_vectors

HIDDEN = 600
ITERATIONS = 1000

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class PaperNetwork:
    """A trained network with its basis, float32 (rank, dimensions)."""

    basis: Array
    layers: torch.nn.Module

    def embed(self, vectors: Array) -> Array:
        """Embed vectors, float32 (n, dimensions) to (n, out); the points may have any length."""
        with torch.inference_mode():
            embedded: Array = self.layers(torch.from_numpy(vectors @ self.basis.T)).numpy()
        return embedded


def train_paper_network(
    parts: Array,
    labels: NDArray[np.int64],
    targets: Array,
    settings: EmbeddingSettings,
    *,
    iterations: int = ITERATIONS,
) -> PaperNetwork:
    """Train the paper's network towards the tag vectors of the clips' hashtags.

    It is trained in the span of the training clips. A first layer that starts in the span never leaves it, since every
    gradient is a sum of training clips: nothing is lost, and 1,000 iterations take half a minute.

    Parameters
    ----------
    parts : float32 (3, n, dimensions)
        As for `training.embedding.train_embedding`; the whole is learnt from.
    labels : int64 (n,)
        Rows of `targets`. Clips of background classes, whose labels are past the last row, are not used.
    targets : float32 (hashtags, out)
    settings : EmbeddingSettings
        Only the seed is used.
    """
    named = labels < len(targets)
    vectors = whole(parts[:, named])
    u, s = left_singular_vectors(vectors)
    seen, goals = torch.from_numpy((u * s).astype(np.float32)), torch.from_numpy(targets[labels[named]])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        layers = torch.nn.Sequential(
            torch.nn.Linear(seen.shape[1], HIDDEN), torch.nn.Tanh(), torch.nn.Linear(HIDDEN, targets.shape[1])
        )
    optimiser = torch.optim.LBFGS(layers.parameters(), max_iter=iterations, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        error: torch.Tensor = (layers(seen) - goals).square().sum(dim=1).mean()
        error.backward()  # type: ignore[no-untyped-call]
        return error

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return PaperNetwork((u / s).T.astype(np.float32) @ vectors, layers)
