"""De-stemming: the inflection of a stem that is shown, by what it stands beside.

Singh et al. ("Learning to Hash-tag Videos with Tag2Vec", ICVGIP 2016, section 3) show the most common inflection. Where
others are nearly as common, the one is shown whose company in posts is closest to the query.
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
    """The inflections of those stems that are often written in several.

    Parameters
    ----------
    stems : int32 (n,)
        The number of each inflection's stem in the tag space; those of one stem stand together.
    tags : sequence of str, (n,)
        The inflections.
    company : float16 (n, dimensions)
        Unit vectors: the mean of the stems that stand beside each inflection in posts.

    Raises
    ------
    BundleError
        If the arrays do not fit together.
    """

    def __init__(self, stems: NDArray[np.int32], tags: Sequence[str], company: NDArray[np.float16]) -> None:
        if not (stems.ndim == 1 and company.ndim == 2 and len(stems) == len(tags) == len(company)):
            raise BundleError(f"{INFLECTIONS_FILE}: its arrays do not belong to one list of inflections")
        self.stems, self.tags, self.company = stems, list(tags), company
        self._of: dict[int, list[int]] = {}
        for place, stem in enumerate(stems.tolist()):
            self._of.setdefault(stem, []).append(place)

    def closest(self, stem: int, vector: ArrayLike) -> list[str]:
        """Return the inflections of a stem, that first whose company is closest to a vector; none if it has but one."""
        places = self._of.get(stem, [])
        if not places:
            return []
        cosines = self.company[places].astype(np.float32) @ unit(vector)
        return [self.tags[places[best]] for best in np.argsort(-cosines, kind="stable")]

    def save(self, folder: Path) -> Path:
        """Write `INFLECTIONS_FILE` into a folder that exists; return its path."""
        text = np.frombuffer("\n".join(self.tags).encode(), np.uint8)
        return write_tensors(folder / INFLECTIONS_FILE, {"stems": self.stems, "tags": text, "company": self.company})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; raises BundleError if it is missing or damaged."""
        tensors = read_tensors(folder / INFLECTIONS_FILE, "stems", "tags", "company")
        try:
            tags = tensors["tags"].tobytes().decode()
        except UnicodeDecodeError as error:
            raise BundleError(f"{folder / INFLECTIONS_FILE}: its tags are not text in UTF-8: {error}") from error
        return cls(tensors["stems"], tags.split("\n") if tags else [], tensors["company"])
