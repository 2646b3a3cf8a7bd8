"""The image pyramid on which everything else is computed."""

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
    """Sizes of the layers of a frame of `height` x `width` pixels, and where each lies in a flat array."""

    height: int
    width: int
    most_layers: int
    smallest: int
    """No layer has a side shorter than about this many pixels."""
    step: float
    """How many times smaller each layer is than the one before."""

    @classmethod
    def of(cls, frame: NDArray[np.uint8], settings: TrajectorySettings) -> "Pyramid":
        """Return the pyramid of the tracks for frames like this one, (h, w)."""
        height, width = frame.shape
        return cls(height, width, settings.layers, settings.patch, settings.step)

    def down_to(self, smallest: int) -> "Pyramid":
        """Return the pyramid that goes on to smaller layers."""
        return replace(self, smallest=smallest)

    @cached_property
    def scales(self) -> NDArray[np.float32]:
        """How many times smaller than the frame each layer is, (layers,)."""
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
        """Where each layer starts in a flat array of all layers' pixels, and the end, (layers + 1,)."""
        return offsets(self.shapes.prod(axis=1))

    def layers(self, flat: NDArray[Scalar]) -> list[NDArray[Scalar]]:
        """Return views (..., h, w) of a flat array's layers, (..., pixels)."""
        parts = zip(pairwise(self.starts.tolist()), self.shapes.tolist(), strict=True)
        return [flat[..., start:end].reshape(*flat.shape[:-1], *shape) for (start, end), shape in parts]

    def grey(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the layers of a frame, (pixels,), each resized from the one before without a blur."""
        flat = np.empty(self.starts[-1], np.uint8)
        first, *others = self.layers(flat)
        first[:] = frame
        for layer, smaller in pairwise([first, *others]):
            cv2.resize(layer, smaller.shape[::-1], dst=smaller, interpolation=cv2.INTER_LINEAR)
        return flat


def offsets(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each of arrays of these sizes starts when they stand one after the other, and the end."""
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
