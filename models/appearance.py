"""What the pictures of a clip show, to an image network that was trained on something else (ImageNet, say).

A network describes pictures by features. What they show, it may tell in one of two ways: by the probabilities of its
classes, or by comparing its features with vectors of tags, if it is the image half of an image-text network.

The network is an ONNX file of the bundle. ONNX Runtime shows it one picture at a time, each on one thread: the fastest
way on a CPU, and the same to the bit whatever the number of processors.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.errors import BundleError
from models.ordered import ordered
from models.tags.tag_vectors import TagVectors

if TYPE_CHECKING:  # Neither decoder nor runtime is loaded by those who read settings or what others have described.
    from models.video.pictures import Picture

Array = NDArray[np.float32]

Positive = Annotated[float, Field(gt=0)]

_FATAL = 4
"""The least that ONNX Runtime logs."""
_SURPLUS = 1e-2
"""By how much probabilities may exceed 1 in all: those of networks in half precision do."""


class AppearanceSettings(BaseModel):
    """How pictures are shown to the network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pictures: int = Field(default=8, ge=1, le=64)
    """Pictures of a clip, spread over it."""
    short_side: int = Field(default=256, ge=1, le=1024)
    """px that the short side of a frame is scaled to."""
    side: int = Field(default=224, ge=1, le=1024)
    """px of the square that is cut from the centre."""
    mean: float | tuple[float, float, float] = 127.0
    """Taken from every value (0 to 255), the same for all channels or one for each ..."""
    deviation: Positive | tuple[Positive, Positive, Positive] = 128.0
    """... which is then divided by this."""
    features: str = "features"
    """Name of the output that describes a picture, (1, d)."""
    probabilities: str | None = "probabilities"
    """Name of the output of class probabilities, (1, classes); None if the network has no classes."""

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
        Mean of the class probabilities over the pictures; of an image-text network, those of the tags that have vectors
        (`models.tags.tag_vectors`); empty if the network tells neither.
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
        ONNX: one input, float32 (1, 3, side, side), whose batch may also have any size, and outputs float32 as
        `settings` names them.
    settings : AppearanceSettings
    tag_vectors : TagVectors, optional
        Made by the text half, if the network is the image half of an image-text network. Its features are then the
        embedding of a picture, of any length.

    Attributes
    ----------
    lengths : (int, int)
        Of the features and of the probabilities of an `Appearance`.

    Raises
    ------
    BundleError
        If the file is not such a network.
    """

    def __init__(self, file: Path, settings: AppearanceSettings, tag_vectors: TagVectors | None = None) -> None:
        self.settings = settings
        self._file, self._tag_vectors = file, tag_vectors
        self._mean, self._deviation = (np.asarray(each, np.float32) for each in (settings.mean, settings.deviation))
        runtime = onnx_runtime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = _FATAL
        options.enable_cpu_mem_arena = False  # it would keep what one picture takes for the next, and gains no time
        try:
            self._session = runtime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # it has a class of its own for each way to fail
            raise BundleError(f"{file}: not a network that ONNX Runtime can run: {error}") from None
        self._outputs = [name for name in (settings.features, settings.probabilities) if name is not None]
        outputs = {output.name for output in self._session.get_outputs()}
        if missing := set(self._outputs) - outputs:
            raise BundleError(f"{file}: has no output {', '.join(sorted(missing))}, only {', '.join(sorted(outputs))}.")
        self._input = self._the_input()
        self.lengths = self._try()

    def describe(self, pictures: "Sequence[Picture]", executor: ThreadPoolExecutor | None = None) -> Appearance:
        """Describe the pictures of a clip, uint8 (side, side, 3) RGB each, one at least.

        If there is an executor, its threads describe some of them.

        Raises
        ------
        BundleError
            If the network gives features that are not finite, or probabilities that are none.
        """
        return self.describe_groups(pictures, [range(len(pictures))], executor)[0]

    def describe_groups(
        self,
        pictures: "Sequence[Picture]",
        groups: Sequence[Sequence[int]],
        executor: ThreadPoolExecutor | None = None,
    ) -> list[Appearance]:
        """Describe groups of pictures, given by their places, as `describe` does; each picture is described once."""
        features, probabilities = self._run(pictures, executor)
        return [self._appearance(features[list(group)], probabilities[list(group)]) for group in groups]

    def _appearance(self, features: Array, probabilities: Array) -> Appearance:
        described = np.concatenate([features.mean(axis=0), features.std(axis=0)]).astype(np.float32)
        if self._tag_vectors is None:
            return Appearance(described, probabilities.mean(axis=0, dtype=np.float32))
        embedding = _unit(_unit(features).mean(axis=0))
        return Appearance(described, self._tag_vectors.probabilities(embedding))

    def _the_input(self) -> str:
        """Return the name of the input, if it takes pictures as they are shown here."""
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise BundleError(
                f"{self._file}: takes {', '.join(one.name for one in inputs)}, not pictures alone. "
                "Export the image half of the network by itself."
            )
        kind, shape, side = inputs[0].type, inputs[0].shape, self.settings.side
        expected = (1, 3, side, side)
        # Sizes that are not fixed have a name, or none; without any, only running it will tell.
        fits = len(shape) in (0, 4) and all(n == m for n, m in zip(shape, expected, strict=False) if isinstance(n, int))
        if kind != "tensor(float)" or not fits:
            raise BundleError(
                f"{self._file}: its input {inputs[0].name} is {kind} {tuple(shape)}, but pictures come one by one as "
                f"tensor(float) {expected}: batch, red, green and blue, height, width. Set `side`, or export the "
                "network for such pictures."
            )
        return str(inputs[0].name)

    def _try(self) -> tuple[int, int]:
        """Show a grey picture to the network."""
        side = self.settings.side
        try:
            found = self.describe([np.full((side, side, 3), 127, np.uint8)])
        except BundleError:
            raise
        except Exception as error:
            raise BundleError(f"{self._file}: cannot take a picture of {side} x {side} px: {error}") from None
        return len(found.features), len(found.probabilities)

    def _run(self, pictures: "Sequence[Picture]", executor: ThreadPoolExecutor | None) -> tuple[Array, Array]:
        """Return the features of each picture, (n, d), and the class probabilities, (n, classes)."""
        rows = list(ordered(self._run_one, pictures, executor, len(pictures)))
        features, probabilities = (np.stack([row[place] for row in rows]) for place in range(2))
        if not np.isfinite(features).all():
            raise BundleError(
                f"{self._file}: output {self.settings.features} is not finite. "
                "Are `mean` and `deviation` those of the network, and its weights single precision?"
            )
        if self._tag_vectors is not None and features.shape[1] != self._tag_vectors.vectors.shape[1]:
            raise BundleError(
                f"{self._file}: output {self.settings.features} has {features.shape[1]} numbers, but the vectors of "
                f"tags have {self._tag_vectors.vectors.shape[1]}. Both must be what the two halves of one network put "
                "into the space that they share, such as image_embeds and text_embeds."
            )
        sums = probabilities.sum(axis=1)
        if not ((probabilities >= 0).all() and (sums <= 1 + _SURPLUS).all()):
            raise BundleError(
                f"{self._file}: output {self.settings.probabilities} holds what is not a probability: "
                f"{probabilities.min():.3g} to {probabilities.max():.3g}, {sums.max():.3g} in all. "
                "If it is logits, export the network with a softmax after them."
            )
        return features, np.minimum(probabilities, 1)

    def _run_one(self, picture: "Picture") -> tuple[Array, Array]:
        values = (picture.astype(np.float32) - self._mean) / self._deviation
        found: list[Any] = self._session.run(
            self._outputs, {self._input: np.ascontiguousarray(values.transpose(2, 0, 1)[None])}
        )
        for name, array in zip(self._outputs, found, strict=True):
            if array.dtype != np.float32 or array.ndim != 2 or len(array) != 1:
                raise BundleError(f"{self._file}: output {name} is {array.dtype} {array.shape}, not float32 (1, n).")
        return found[0][0], found[1][0] if len(found) > 1 else np.zeros(0, np.float32)


def _unit(vectors: Array) -> Array:
    """Scale vectors, (..., d), to unit length; zeros stay zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32, copy=False)
