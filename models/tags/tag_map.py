"""A map of the tag space: a place in two dimensions for each tag, and named regions."""

from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.errors import BundleError
from models.tensor_file import Tensors, read_tensors, write_tensors

MAP_FILE: Final = "map.safetensors"

SIDE: Final = 65535
"""The largest coordinate; the smallest is 0."""


class TagMap:
    """Places of the tags of a space, in its order.

    Parameters
    ----------
    places : uint16 (n, 2)
        From left to right and from top to bottom. Only small distances are meaningful.
    region : uint8 (n,)
        The region of each tag.
    names : int32 (regions, any)
        Rows of the tags that name each region, the most typical first; -1 where there are no more.

    Raises
    ------
    BundleError
        If the arrays are inconsistent.
    """

    def __init__(self, places: NDArray[np.uint16], region: NDArray[np.uint8], names: NDArray[np.int32]) -> None:
        self.places, self.region, self.names = places, region, names
        consistent = (
            [array.dtype.name for array in (places, region, names)] == ["uint16", "uint8", "int32"]
            and places.shape == (len(places), 2)
            and region.shape == (len(places),)
            and names.ndim == 2
            and bool((region < len(names)).all())
            and bool(((names >= -1) & (names < len(places))).all())
        )
        if not consistent:
            raise BundleError(f"{MAP_FILE}: its arrays do not place tags in regions. Fetch or train the bundle anew.")

    def __len__(self) -> int:
        return len(self.places)

    def centres(self) -> NDArray[np.int64]:
        """Return the median place of each region's tags, int64 (regions, 2); (0, 0) if it has none."""
        members = [self.places[self.region == number] for number in range(len(self.names))]
        medians = [np.median(places, axis=0) if len(places) else np.zeros(2) for places in members]
        return np.asarray(medians).round().astype(np.int64).reshape(-1, 2)

    def place(self, rows: ArrayLike, weights: ArrayLike) -> tuple[int, int] | None:
        """Return the weighted median place of some tags, along either axis.

        Unlike the mean, it is robust to a few outliers, which a map that cannot keep all neighbours together always
        has. New points of t-SNE start there, too (Poličar, Stražar and Zupan, 2023).

        Parameters
        ----------
        rows : array_like of int, (m,)
        weights : array_like of float, (m,)
            None negative. If their sum is 0, there is no place.
        """
        share = np.asarray(weights, np.float64)
        if not share.sum() > 0:
            return None
        places = self.places[np.asarray(rows, np.int64)]
        x, y = (_weighted_median(places[:, axis], share) for axis in range(2))
        return x, y

    def save(self, folder: Path) -> Path:
        """Write `MAP_FILE` to an existing folder; return its path."""
        tensors: Tensors = {"places": self.places, "region": self.region, "names": self.names}
        return write_tensors(folder / MAP_FILE, tensors)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; raises BundleError if it is missing or damaged."""
        tensors = read_tensors(folder / MAP_FILE, "places", "region", "names")
        return cls(tensors["places"], tensors["region"], tensors["names"])


def _weighted_median(values: NDArray[np.uint16], weights: NDArray[np.float64]) -> int:
    order = np.argsort(values, kind="stable")
    passed = np.cumsum(weights[order])
    return int(values[order[np.searchsorted(passed, passed[-1] / 2)]])
