"""What the pictures of a clip show, to an image network that was trained on something else (ImageNet, say).

The network is an ONNX file of the bundle, run by ONNX Runtime on one thread, one picture at a time: the fastest way on
a CPU, and the same to the bit whatever the number of processors.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.errors import BundleError

if TYPE_CHECKING:  # Neither decoder nor runtime is loaded by those who read settings or what others have described.
    from models.video.pictures import Picture

Array = NDArray[np.float32]

_FATAL = 4
"""The least that ONNX Runtime logs."""


class AppearanceSettings(BaseModel):
    """How pictures are shown to the network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pictures: int = Field(default=8, ge=1, le=64)
    """Pictures of a clip, spread over it."""
    short_side: int = Field(default=256, ge=1, le=1024)
    """px that the short side of a frame is scaled to."""
    side: int = Field(default=224, ge=1, le=1024)
    """px of the square that is cut from the centre."""
    mean: float = 127.0
    """Taken from every value (0 to 255) ..."""
    deviation: float = Field(default=128.0, gt=0)
    """... which is then divided by this."""
    features: str = "features"
    """Name of the output that describes a picture, (1, d)."""
    probabilities: str = "probabilities"
    """Name of the output of class probabilities, (1, classes)."""

    @model_validator(mode="after")
    def _cut_from_what_is_there(self) -> Self:
        if self.side > self.short_side:
            raise ValueError(f"side ({self.side}) must not exceed short_side ({self.short_side})")
        return self


@dataclass(frozen=True)
class Appearance:
    """What the pictures of a clip show.

    Attributes
    ----------
    features : float32 (2 d,)
        Mean and standard deviation of the network's features over the pictures.
    probabilities : float32 (classes,)
        Mean of the class probabilities over the pictures.
    """

    features: Array
    probabilities: Array


def onnx_runtime() -> ModuleType:
    """Import ONNX Runtime, whose wheel for Linux reports home as soon as it is imported unless this variable is set."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    module: ModuleType = onnxruntime
    return module


class AppearanceNetwork:
    """An image network that describes pictures.

    Parameters
    ----------
    file : Path
        ONNX: input float32 (1, 3, side, side), outputs float32 as `settings` names them.
    settings : AppearanceSettings

    Raises
    ------
    BundleError
        If the file is no such network.
    """

    def __init__(self, file: Path, settings: AppearanceSettings) -> None:
        self.settings = settings
        runtime = onnx_runtime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = _FATAL
        try:
            self._session = runtime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # it has a class of its own for each way to fail
            raise BundleError(f"{file}: not a network that ONNX Runtime can run: {error}") from None
        outputs = {output.name for output in self._session.get_outputs()}
        if missing := {settings.features, settings.probabilities} - outputs:
            raise BundleError(f"{file}: has no output {', '.join(sorted(missing))}, only {', '.join(sorted(outputs))}.")
        self._input = self._session.get_inputs()[0].name
        self._try(file)

    def describe(self, pictures: "Sequence[Picture]") -> Appearance:
        """Describe the pictures of a clip, uint8 (side, side, 3) RGB each, one at least."""
        seen = [self._run(picture) for picture in pictures]
        features = np.stack([one[0] for one in seen])
        described = np.concatenate([features.mean(axis=0), features.std(axis=0)])
        return Appearance(described.astype(np.float32), np.mean([one[1] for one in seen], axis=0, dtype=np.float32))

    def _try(self, file: Path) -> None:
        """Show a grey picture to the network; the memory that this takes serves for all others."""
        side = self.settings.side
        try:
            found = self._run(np.full((side, side, 3), 127, np.uint8))
        except Exception as error:
            raise BundleError(f"{file}: cannot take a picture of {side} x {side} px: {error}") from None
        for name, array in zip((self.settings.features, self.settings.probabilities), found, strict=True):
            if array.dtype != np.float32 or array.ndim != 1:
                raise BundleError(f"{file}: output {name} is {array.dtype} (1, *{array.shape}), not float32 (1, n).")
        if not (found[1].min() >= 0 and found[1].max() <= 1):
            raise BundleError(f"{file}: output {self.settings.probabilities} holds what is no probability.")
        self.lengths = 2 * len(found[0]), len(found[1])
        """Of the features and of the probabilities of an `Appearance`."""

    def _run(self, picture: "Picture") -> tuple[Array, Array]:
        values = (picture.astype(np.float32) - np.float32(self.settings.mean)) / np.float32(self.settings.deviation)
        found: list[Any] = self._session.run(
            [self.settings.features, self.settings.probabilities],
            {self._input: np.ascontiguousarray(values.transpose(2, 0, 1)[None])},
        )
        return found[0][0], found[1][0]
