"""The embedding: small networks that take a clip's Fisher vector to a point of the tag space.

The network of "Learning to Hash-tag Videos with Tag2Vec" (Singh, Saini, Shah, Narayanan, ICVGIP 2016), several times:
one hidden layer of 600 tanh units between the Fisher vector and the 100 dimensions of Tag2Vec. Training moves its first
layer within the span of the training clips' Fisher vectors only, so a fixed projection onto the main directions of that
span comes first and keeps it small.
"""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


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
        return nn.functional.normalize(torch.baddbmm(self.output_bias, hidden, self.output_weight), dim=-1)


class Embedding(nn.Module):
    """Fisher vectors, float32 (n, dimensions), to the mean of the networks' points, float32 (n, out).

    The direction of a row is where the clip lies. Its length, at most 1, says how much the networks agree: they do
    about clips like those that they were trained on, and less about others.

    Parameters
    ----------
    projection : Tensor, float32 (rank, dimensions)
        Fixed; its rows are the directions that are kept of a Fisher vector.
    ensemble : Ensemble
    """

    projection: Tensor

    def __init__(self, projection: Tensor, ensemble: Ensemble) -> None:
        super().__init__()
        self.register_buffer("projection", projection)
        self.ensemble = ensemble

    def forward(self, fisher: Tensor) -> Tensor:
        """Embed Fisher vectors (n, dimensions)."""
        projected = nn.functional.linear(fisher, self.projection)
        points: Tensor = self.ensemble(projected.expand(len(self.ensemble.hidden_weight), -1, -1))
        return points.mean(dim=0)

    def embed(self, fisher: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embed one Fisher vector, (dimensions,) to (out,), or many, (n, dimensions) to (n, out); no gradient."""
        with torch.inference_mode():
            embedded: NDArray[np.float32] = self(torch.from_numpy(np.atleast_2d(fisher))).numpy()
        return embedded.reshape(*fisher.shape[:-1], -1)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return the arrays as stored in the bundle: float32, but the projection, nearly all of it, in 8 bits.

        Each row of `projection`, int8 (rank, dimensions), is to be multiplied by its `scale`, float32 (rank,).
        """
        arrays = {name: tensor.detach().numpy() for name, tensor in self.ensemble.state_dict().items()}
        rows = self.projection.numpy()
        scale = np.abs(rows).max(axis=1) / np.float32(np.iinfo(np.int8).max)
        return arrays | {"projection": np.rint(rows / scale[:, None]).astype(np.int8), "scale": scale}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild the networks from `tensors()`, ready for inference."""
        state = {name: torch.from_numpy(array.astype(np.float32)) for name, array in tensors.items()}
        projection = state.pop("projection") * state.pop("scale")[:, None]
        members, hidden, out = tensors["output_weight"].shape
        with torch.device("meta"):  # no use in drawing random weights first
            ensemble = Ensemble(members, len(projection), hidden, out)
        ensemble.load_state_dict(state, assign=True)
        return cls(projection, ensemble).requires_grad_(False).eval()


def _uniform(*shape: int, fan_in: int) -> nn.Parameter:
    bound = fan_in**-0.5
    return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
