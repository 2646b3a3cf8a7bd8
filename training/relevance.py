"""Co-use relevance: whether a tag goes with a hashtag, judged by posts that nothing was learnt from.

A tag is relevant to a hashtag if the two occur together in at least `LEAST_POSTS` posts and their normalised pointwise
mutual information (Bouma, "Normalized (Pointwise) Mutual Information in Collocation Extraction", GSCL 2009) is above
`LEAST_NPMI`. The hashtag itself is relevant. Near-duplicate posts are never split between learning and judging, so that
no template is judged by its own copies.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from training.near_duplicates import near_duplicates

LEAST_POSTS = 2
LEAST_NPMI = 0.1


class CoUse:
    """Which tags are used together in posts, and how often.

    Parameters
    ----------
    stems : sequence of str, (n,)
        Without repeats.
    posts : csr_matrix of float32, (posts, n)
        1 where a post has a stem.
    """

    def __init__(self, stems: Sequence[str], posts: csr_matrix) -> None:
        self.stems = np.array(stems, dtype=object)
        self.counts: NDArray[np.int64] = np.asarray(posts.sum(axis=0)).ravel().astype(np.int64)
        self._posts = posts
        self._row = {name: row for row, name in enumerate(stems)}
        self._relevant: dict[str, frozenset[str]] = {}

    @classmethod
    def from_sentences(cls, sentences: Iterable[Sequence[str]]) -> Self:
        """Count posts, each a list of stems."""
        rows: dict[str, int] = {}
        indices: list[int] = []
        starts = [0]
        for sentence in sentences:
            indices.extend({rows.setdefault(name, len(rows)) for name in sentence})
            starts.append(len(indices))
        shape = (len(starts) - 1, len(rows))
        return cls(list(rows), csr_matrix((np.ones(len(indices), np.float32), indices, starts), shape))

    @cached_property
    def _columns(self) -> csr_matrix:
        return self._posts.T.tocsr()

    def __contains__(self, name: object) -> bool:
        return name in self._row

    def count(self, name: str) -> int:
        """Return the number of posts with a stem."""
        row = self._row.get(name)
        return 0 if row is None else int(self.counts[row])

    def together(self, hashtag: str) -> NDArray[np.int64]:
        """Return how many posts each stem shares with a hashtag, int64 (n,); the hashtag shares all of its own."""
        if hashtag not in self._row:
            return np.zeros(len(self.stems), np.int64)
        own = self._columns[self._row[hashtag]].indices
        return np.asarray(self._posts[own].sum(axis=0)).ravel().astype(np.int64)

    def npmi(self, hashtag: str) -> NDArray[np.float64]:
        """Return the NPMI of each stem with a hashtag, float64 (n,): from -1, never together, to 1, never apart."""
        total = self._posts.shape[0]
        together = self.together(hashtag)
        met = together > 0
        shares = together[met] / total
        information = np.log(shares * total**2 / (self.counts[met] * float(self.count(hashtag))))
        npmi = np.full(len(self.stems), -1.0)
        # A stem of every post has no NPMI: it carries no information.
        npmi[met] = np.divide(information, -np.log(shares), out=np.zeros(len(shares)), where=shares < 1)
        return npmi

    def relevants(self, hashtag: str) -> frozenset[str]:
        """Return the stems that are relevant to a hashtag, including the hashtag, even if no post has it."""
        if hashtag not in self._relevant:
            fits = (self.together(hashtag) >= LEAST_POSTS) & (self.npmi(hashtag) > LEAST_NPMI)
            self._relevant[hashtag] = frozenset(self.stems[fits]) | {hashtag}
        return self._relevant[hashtag]

    def relevant(self, hashtag: str, name: str) -> bool:
        """Return whether a stem is relevant to a hashtag, which is given as a stem, too."""
        return name in self.relevants(hashtag)

    def hits(self, hashtag: str, names: Iterable[str]) -> int:
        """Count the relevant stems among those suggested, repeats once."""
        return len(self.relevants(hashtag).intersection(names))

    def ranked(self, hashtag: str, k: int) -> list[str]:
        """Return the `k` stems with the highest NPMI with a hashtag times the logarithm of the posts they share."""
        together = self.together(hashtag)
        value = self.npmi(hashtag) * np.log(np.maximum(together, 1))
        best = np.argsort(-value, kind="stable")[:k]
        return [str(name) for name in self.stems[best] if together[self._row[name]]]

    def most_popular(self, k: int) -> list[str]:
        """Return the `k` stems with the most posts."""
        return [str(name) for name in self.stems[np.argsort(-self.counts, kind="stable")[:k]]]


def split_posts(sentences: Iterable[Sequence[str]], seed: int = 0) -> NDArray[np.int64]:
    """Assign each post to one of two halves, near-duplicates to the same one.

    Returns
    -------
    int64 (posts,)
        0 or 1.
    """
    cluster = near_duplicates(sentences)
    side = np.random.default_rng(seed).integers(0, 2, cluster.max(initial=-1) + 1)
    split: NDArray[np.int64] = side[cluster]
    return split
