"""Trends: how often each tag was used in the last weeks of the posts, where the posts carry dates."""

from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.errors import BundleError
from models.tensor_file import read_tensors, write_tensors

TRENDS_FILE = "trends.safetensors"

SMOOTHING = 5.0
"""Posts that are added to what was and to what was to be expected: from few posts nothing follows."""


class Trends:
    """Posts of each stem by window of time, the last window the newest.

    Parameters
    ----------
    starts : int64 (windows,)
        First day of each window, rising, as days since 0001-01-01 (`datetime.date.toordinal`).
    posts : int64 (windows,)
        Posts of each window.
    counts : int32 (stems, windows)
        Those of them with each stem.

    Raises
    ------
    BundleError
        If the arrays do not fit together.
    """

    def __init__(self, starts: NDArray[np.int64], posts: NDArray[np.int64], counts: NDArray[np.int32]) -> None:
        self.starts, self.posts, self.counts = starts, posts, counts
        whole = (
            starts.ndim == posts.ndim == 1
            and counts.ndim == 2
            and len(starts) == len(posts) == counts.shape[1] >= 2
            and (np.diff(starts) > 0).all()
            and ((counts >= 0) & (counts <= posts)).all()
        )
        if not whole:
            raise BundleError(f"{TRENDS_FILE}: its arrays do not count stems by window of time")

    def __len__(self) -> int:
        return len(self.counts)

    @cached_property
    def growth(self) -> NDArray[np.float64]:
        """How often each stem, float64 (stems,), was used in the last window, over what those before let expect."""
        now = self.counts[:, -1]
        before = self.counts[:, :-1].sum(axis=1)
        expected = before * self.posts[-1] / max(1, int(self.posts[:-1].sum()))
        growth: NDArray[np.float64] = (now + SMOOTHING) / (expected + SMOOTHING)
        return growth

    def save(self, folder: Path) -> Path:
        """Write `TRENDS_FILE` into a folder that exists; return its path."""
        return write_tensors(folder / TRENDS_FILE, {"starts": self.starts, "posts": self.posts, "counts": self.counts})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; raises BundleError if it is missing or damaged."""
        tensors = read_tensors(folder / TRENDS_FILE, "starts", "posts", "counts")
        return cls(tensors["starts"], tensors["posts"], tensors["counts"])
