"""The embedding: a small network that takes a clip's Fisher vector to a point of the tag space.

The network of "Learning to Hash-tag Videos with Tag2Vec" (Singh, Saini, Shah, Narayanan, ICVGIP 2016): one hidden
layer of 600 tanh units between the Fisher vector and the 100 dimensions of Tag2Vec. Training moves its first layer
within the span of the training clips' Fisher vectors only, so a fixed projection onto the main directions of that
span comes first and keeps it small.
"""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class Embedding(nn.Module):
    """Fisher vectors, float32 (n, dimensions), to rows of unit length, float32 (n, out).

    Parameters
    ----------
    projection : Tensor, float32 (rank, dimensions)
        Fixed; its rows are the directions that are kept of a Fisher vector.
    hidden : int
        Tanh units.
    out : int
        Dimensions of the tag space.
    """

    projection: Tensor

    def __init__(self, projection: Tensor, hidden: int = 600, out: int = 100) -> None:
        super().__init__()
        self.register_buffer("projection", projection)
        self.hidden = nn.Linear(projection.shape[0], hidden)
        self.output = nn.Linear(hidden, out)

    def forward(self, fisher: Tensor) -> Tensor:
        """Embed Fisher vectors (n, dimensions)."""
        return self.head(nn.functional.linear(fisher, self.projection))

    def head(self, projected: Tensor) -> Tensor:
        """Embed Fisher vectors that are already projected, (n, rank): the part that is trained."""
        return nn.functional.normalize(self.output(torch.tanh(self.hidden(projected))), dim=-1)

    def embed(self, fisher: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embed one Fisher vector, (dimensions,) to (out,), or many, (n, dimensions) to (n, out); no gradient."""
        with torch.inference_mode():
            embedded: NDArray[np.float32] = self(torch.from_numpy(np.atleast_2d(fisher))).numpy()
        return embedded.reshape(*fisher.shape[:-1], -1)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return the arrays as stored in the bundle: float32, but the projection, nearly all of it, in 8 bits.

        Each row of `projection`, int8 (rank, dimensions), is to be multiplied by its `scale`, float32 (rank,).
        """
        arrays = {name: tensor.detach().numpy() for name, tensor in self.state_dict().items()}
        rows = arrays["projection"]
        scale = np.abs(rows).max(axis=1) / np.float32(np.iinfo(np.int8).max)
        return arrays | {"projection": np.rint(rows / scale[:, None]).astype(np.int8), "scale": scale}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild a network from `tensors()`, ready for inference."""
        state = {name: torch.from_numpy(array.astype(np.float32)) for name, array in tensors.items()}
        state["projection"] *= state.pop("scale")[:, None]
        with torch.device("meta"):  # no use in drawing random weights first
            network = cls(state["projection"], *reversed(tensors["output.weight"].shape))
        network.load_state_dict(state, assign=True)
        return network.requires_grad_(False).eval()
