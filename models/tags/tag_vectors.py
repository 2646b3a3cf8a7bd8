"""Tag vectors: what tags look like, as the text half of an image-text network (CLIP, SigLIP, MobileCLIP ...) says.

The image half puts pictures into the same space, so that tags can be told from pictures without a classifier: the
softmax of their cosines (Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML
2021, section 3.1).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from models.errors import BundleError
from models.tensor_file import read_tensors

TOLERANCE: Final = 1e-2
"""By how much a vector may be longer or shorter than 1; half precision alone makes less than a tenth of it."""


@dataclass(frozen=True, eq=False)
class TagVectors:
    """Tags and their vectors.

    Attributes
    ----------
    tags : list of str, (n,)
        As typed, one at least; what the tag space lacks takes its probability away from the others.
    vectors : float32 (n, d)
        Of unit length, in the space of the image half's embeddings. Files have half of this precision.
    logit_scale : float
        What cosines are multiplied by before the softmax: the inverse of its temperature.
    """

    tags: list[str]
    vectors: NDArray[np.float32]
    logit_scale: float

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read safetensors: `tags`, uint8, UTF-8 with a tag a line; `vectors`, float16; `logit_scale`, one number.

        Raises
        ------
        BundleError
            If the file cannot be read, or an array is not so.
        """
        tensors = read_tensors(file, "tags", "vectors", "logit_scale")
        vectors, scale = tensors["vectors"], tensors["logit_scale"]
        if tensors["tags"].dtype != np.uint8:
            raise BundleError(f"{file}: tags are {tensors['tags'].dtype}, not uint8: store the bytes of UTF-8 text.")
        try:
            tags = tensors["tags"].tobytes().decode().split("\n")
        except UnicodeDecodeError as error:
            raise BundleError(f"{file}: its tags are not UTF-8 text: {error}. Store the bytes of UTF-8 text.") from None
        if vectors.dtype != np.float16 or vectors.ndim != 2 or len(vectors) != len(tags):
            raise BundleError(
                f"{file}: vectors are {vectors.dtype} {vectors.shape}, but {len(tags)} tags need float16 "
                f"({len(tags)}, d): one row for each tag, as numpy.float16."
            )
        vectors = vectors.astype(np.float32)
        lengths = np.linalg.norm(vectors, axis=1)
        if len(wrong := np.flatnonzero(~(np.abs(lengths - 1) <= TOLERANCE))):  # also what is not finite
            raise BundleError(
                f"{file}: the vector of {tags[wrong[0]]!r}, row {wrong[0]}, has length {lengths[wrong[0]]:.3g}. "
                "Divide each vector by its length."
            )
        if scale.size != 1 or not (np.isfinite(scale).all() and scale.item() > 0):
            raise BundleError(
                f"{file}: logit_scale is {scale.dtype} {scale.shape} ({scale.ravel()[:3]}), not one positive number. "
                "CLIP's is 100."
            )
        return cls(tags, vectors, float(scale.item()))

    def probabilities(self, embedding: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probability of each tag, float32 (n,), for the embedding of pictures, float32 (d,), unit length.

        With one thread of BLAS, they are always the same to the bit.
        """
        logits = self.logit_scale * (self.vectors @ embedding).astype(np.float64)
        weights = np.exp(logits - logits.max())
        found: NDArray[np.float32] = (weights / weights.sum()).astype(np.float32)
        return found
