"""What the pictures of a clip show, to an image network that was trained on something else (ImageNet, say).

The network is an ONNX file of the bundle, run by ONNX Runtime on one thread, one picture at a time: the fastest way on
a CPU, and the same to the bit whatever the machine's number of processors.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from models.errors import BundleError
from models.video.pictures import Picture

# ONNX Runtime's Linux wheel reports home by default, as soon as it is imported; only this keeps it silent.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

Array = NDArray[np.float32]


class AppearanceSettings(BaseModel):
    """How pictures are shown to the network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pictures: int = Field(default=8, ge=1)
    """Pictures of a clip, spread over it."""
    short_side: int = Field(default=256, ge=1)
    """px that the short side of a frame is scaled to."""
    side: int = Field(default=224, ge=1)
    """px of the square that is cut from the centre."""
    mean: float = 127.0
    """Taken from every value (0 to 255) ..."""
    deviation: float = Field(default=128.0, gt=0)
    """... which is then divided by this."""
    features: str = "features"
    """Name of the output that describes a picture, (1, d)."""
    probabilities: str = "probabilities"
    """Name of the output of class probabilities, (1, classes)."""


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


class AppearanceNetwork:
    """An image network that describes pictures.

    Parameters
    ----------
    file : Path
        ONNX: input float32 (1, 3, side, side), outputs as `settings` names them.
    settings : AppearanceSettings

    Raises
    ------
    BundleError
        If the file is no such network.
    """

    def __init__(self, file: Path, settings: AppearanceSettings) -> None:
        import onnxruntime

        self.settings = settings
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # it has a class of its own for each way to fail
            raise BundleError(
                f"{file}: not a network that ONNX Runtime can run: {error}. Fetch the bundle anew."
            ) from None
        outputs = {output.name for output in self._session.get_outputs()}
        if missing := {settings.features, settings.probabilities} - outputs:
            raise BundleError(f"{file}: has no output {', '.join(sorted(missing))}, only {', '.join(sorted(outputs))}.")
        self._input = self._session.get_inputs()[0].name

    def describe(self, pictures: Sequence[Picture]) -> Appearance:
        """Describe the pictures of a clip, uint8 (side, side, 3) RGB each, one at least."""
        seen = [self._run(picture) for picture in pictures]
        features = np.stack([one[0] for one in seen])
        described = np.concatenate([features.mean(axis=0), features.std(axis=0)])
        return Appearance(described.astype(np.float32), np.mean([one[1] for one in seen], axis=0, dtype=np.float32))

    def _run(self, picture: Picture) -> tuple[Array, Array]:
        values = (picture.astype(np.float32) - self.settings.mean) / np.float32(self.settings.deviation)
        found: list[Any] = self._session.run(
            [self.settings.features, self.settings.probabilities],
            {self._input: np.ascontiguousarray(values.transpose(2, 0, 1)[None], np.float32)},
        )
        return found[0][0], found[1][0]
