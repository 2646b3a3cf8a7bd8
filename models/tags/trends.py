"""Trends: how often each tag was used in recent weeks, if the posts have dates."""

from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.errors import BundleError
from models.tensor_file import Tensors, narrowed, read_tensors, write_tensors

TRENDS_FILE = "trends.safetensors"

FRESH = timedelta(90)
"""How old the newest post may be before trends say little about today."""

FEW = 1000
"""Posts; with fewer in all windows, hardly any tag is used often enough to be seen to grow."""

SMOOTHING = 5.0
"""Posts added to both the actual and the expected count, so that a few posts do not make a trend."""


class Trends:
    """Posts per stem and time window; the last window is the most recent.

    Parameters
    ----------
    starts : int64 (windows,)
        First day of each window, ascending, as a proleptic Gregorian ordinal (`datetime.date.toordinal`).
    posts : int64 (windows,)
        Number of posts in each window.
    counts : int (stems, windows)
        Number of them that use each stem.

    Raises
    ------
    BundleError
        If the arrays are inconsistent.
    """

    def __init__(self, starts: NDArray[np.int64], posts: NDArray[np.int64], counts: NDArray[np.integer]) -> None:
        self.starts, self.posts, self.counts = starts, posts, counts
        consistent = (
            starts.ndim == posts.ndim == 1
            and counts.ndim == 2
            and len(starts) == len(posts) == counts.shape[1] >= 2
            and (np.diff(starts) > 0).all()
            and ((counts >= 0) & (counts <= posts)).all()
        )
        if not consistent:
            raise BundleError(
                f"{TRENDS_FILE}: its arrays do not count posts per stem and window. Fetch or train the bundle anew."
            )

    def __len__(self) -> int:
        return len(self.counts)

    @cached_property
    def growth(self) -> NDArray[np.float64]:
        """Use of each stem in the last window relative to the use expected from earlier ones, float64 (stems,)."""
        recent = self.counts[:, -1]
        earlier = self.counts[:, :-1].sum(axis=1)
        expected = earlier * self.posts[-1] / max(1, int(self.posts[:-1].sum()))
        growth: NDArray[np.float64] = (recent + SMOOTHING) / (expected + SMOOTHING)
        return growth

    @property
    def newest_post(self) -> date:
        """Day of the newest post: the last of the last window, all of which have the same length."""
        return date.fromordinal(int(2 * self.starts[-1] - self.starts[-2]) - 1)

    def stale(self, today: date) -> bool:
        """Return whether the newest post is too old for trends of today."""
        return today - self.newest_post > FRESH

    def doubts(self, today: date) -> list[str]:
        """Return what speaks against these trends today, in sentences for the user."""
        doubts = []
        if self.stale(today):
            doubts.append(f"The newest post behind the trends is of {self.newest_post}: they may be over.")
        if self.posts.sum() < FEW:
            doubts.append(
                f"Only {self.posts.sum()} recent posts are behind the trends: few hashtags can be seen to grow, so the "
                "order is nearly that of rank=similar."
            )
        return doubts

    def save(self, folder: Path) -> Path:
        """Write `TRENDS_FILE` to an existing folder; return its path."""
        return write_tensors(folder / TRENDS_FILE, self._tensors())

    def write(self, file: Path, tags: str) -> None:
        """Write a file that goes with a bundle but is not in it, given the SHA-256 of the bundle's tags."""
        write_tensors(file, {**self._tensors(), "tags": np.frombuffer(bytes.fromhex(tags), np.uint8)})

    def _tensors(self) -> Tensors:
        return {"starts": self.starts, "posts": self.posts, "counts": narrowed(self.counts)}

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; raises BundleError if it is missing or damaged."""
        tensors = read_tensors(folder / TRENDS_FILE, "starts", "posts", "counts")
        return cls(tensors["starts"], tensors["posts"], tensors["counts"])

    @classmethod
    def read(cls, file: Path, tags: str) -> Self:
        """Read what `write` wrote for the same tags.

        Raises
        ------
        BundleError
            If the file is missing or damaged, or was counted for other tags.
        """
        try:
            tensors = read_tensors(file, "starts", "posts", "counts", "tags")
        except BundleError as error:
            raise BundleError(f"{file}: holds no trends. Make it again with tag2vec trends.") from error
        if tensors["tags"].tobytes().hex() != tags:
            raise BundleError(f"{file}: counts the tags of another bundle. Run tag2vec trends with this one.")
        return cls(tensors["starts"], tensors["posts"], tensors["counts"])
