"""The image pyramid that trajectories are computed on."""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from models.trajectories.settings import TrajectorySettings

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True)
class Pyramid:
    """Sizes of the layers of a frame of `height` x `width` pixels, and their positions in a flat array."""

    height: int
    width: int
    most_layers: int
    smallest: int
    """Approximate minimum side of a layer, in pixels."""
    step: float
    """Scale factor between layers."""

    @classmethod
    def of(cls, frame: NDArray[np.uint8], settings: TrajectorySettings) -> "Pyramid":
        """Return the pyramid for tracks in frames of this size, (h, w)."""
        height, width = frame.shape
        return cls(height, width, settings.layers, settings.patch, settings.step)

    def down_to(self, smallest: int) -> "Pyramid":
        """Return the pyramid continued to smaller layers."""
        return replace(self, smallest=smallest)

    @cached_property
    def scales(self) -> NDArray[np.float32]:
        """Scale of each layer: how many times smaller it is than the frame, (layers,)."""
        side, layers = min(self.height, self.width) / self.step, 1
        while side >= self.smallest and layers < self.most_layers:
            side /= self.step
            layers += 1
        return (self.step ** np.arange(layers)).astype(np.float32)

    @cached_property
    def shapes(self) -> NDArray[np.int64]:
        """Height and width of each layer in pixels, (layers, 2)."""
        shape = np.array([[self.height, self.width]])
        shapes = np.rint(shape / self.step ** np.arange(len(self.scales))[:, None])
        return np.asarray(np.maximum(shapes, 1), np.int64)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Start of each layer in a flat array of the pixels of all layers, and the end, (layers + 1,)."""
        return offsets(self.shapes.prod(axis=1))

    def layers(self, flat: NDArray[Scalar]) -> list[NDArray[Scalar]]:
        """Return views, (..., h, w), of the layers in a flat array, (..., pixels)."""
        parts = zip(pairwise(self.starts.tolist()), self.shapes.tolist(), strict=True)
        return [flat[..., start:end].reshape(*flat.shape[:-1], *shape) for (start, end), shape in parts]

    def grey(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the layers of a frame, (pixels,), each resized from the one before without blurring."""
        flat = np.empty(self.starts[-1], np.uint8)
        first, *others = self.layers(flat)
        first[:] = frame
        for layer, smaller in pairwise([first, *others]):
            cv2.resize(layer, smaller.shape[::-1], dst=smaller, interpolation=cv2.INTER_LINEAR)
        return flat


def offsets(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the start of each of several concatenated arrays, given their sizes, and the end."""
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
