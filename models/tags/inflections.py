"""De-stemming: chooses the inflection of a stem to show, by the context of each inflection in posts.

Singh et al. ("Learning to Hash-tag Videos with Tag2Vec", ICVGIP 2016, section 3) show the most common inflection. Where
others are nearly as common, this shows the one whose context is closest to the query.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.errors import BundleError
from models.tags.space import unit
from models.tensor_file import read_tensors, write_tensors

INFLECTIONS_FILE = "inflections.safetensors"


class Inflections:
    """The inflections of the stems that have several common ones.

    Parameters
    ----------
    stems : int32 (n,)
        Row of each inflection's stem in the tag space; inflections of the same stem are adjacent.
    tags : sequence of str, (n,)
        The inflections.
    company : float16 (n, dimensions)
        Context of each inflection: the mean of the stems that posts use with it, as a unit vector.

    Raises
    ------
    BundleError
        If the arrays are inconsistent.
    """

    def __init__(self, stems: NDArray[np.int32], tags: Sequence[str], company: NDArray[np.float16]) -> None:
        if not (stems.ndim == 1 and company.ndim == 2 and len(stems) == len(tags) == len(company)):
            raise BundleError(
                f"{INFLECTIONS_FILE}: its arrays differ in length or shape. Fetch or train the bundle anew."
            )
        self.stems, self.tags, self.company = stems, list(tags), company
        self._rows: dict[int, list[int]] = {}
        for row, stem in enumerate(stems.tolist()):
            self._rows.setdefault(stem, []).append(row)

    def closest(self, stem: int, vector: ArrayLike) -> list[str]:
        """Return the inflections of a stem, closest context to a vector first; none if it has only one."""
        rows = self._rows.get(stem, [])
        if not rows:
            return []
        cosines = self.company[rows].astype(np.float32) @ unit(vector)
        return [self.tags[rows[best]] for best in np.argsort(-cosines, kind="stable")]

    def save(self, folder: Path) -> Path:
        """Write `INFLECTIONS_FILE` to an existing folder; return its path."""
        text = np.frombuffer("\n".join(self.tags).encode(), np.uint8)
        return write_tensors(folder / INFLECTIONS_FILE, {"stems": self.stems, "tags": text, "company": self.company})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; raises BundleError if it is missing or damaged."""
        tensors = read_tensors(folder / INFLECTIONS_FILE, "stems", "tags", "company")
        try:
            tags = tensors["tags"].tobytes().decode()
        except UnicodeDecodeError as error:
            raise BundleError(
                f"{folder / INFLECTIONS_FILE}: its tags are not UTF-8 text: {error}. Fetch or train the bundle anew."
            ) from error
        return cls(tensors["stems"], tags.split("\n") if tags else [], tensors["company"])
