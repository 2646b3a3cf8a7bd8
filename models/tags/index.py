"""The search index of a tag space: exact for as many vectors as that is fast for, inverted lists above."""

from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

EXACT_UP_TO = 200_000
"""Vectors that are compared one by one with every query."""
LISTS, PROBES = 4096, 32
"""Inverted lists, and how many of them, those around the centroids nearest to it, a query looks into."""
_SAMPLE, _ITERATIONS, _CHUNK = 40, 8, 1 << 17
"""Vectors a list from which its centroid is learnt, in so many steps; vectors that are added at a time."""


def build_index(vectors: NDArray[np.float32], *, exact_up_to: int = EXACT_UP_TO) -> Any:
    """Build a FAISS index under the L2 metric.

    Parameters
    ----------
    vectors : ndarray of float32, (n, dimensions)
        Of unit length.
    exact_up_to : int
        More vectors are searched approximately: they lie in half precision in inverted lists (Jégou et al., "Product
        quantization for nearest neighbor search", PAMI 2011, section IV). docs/design.md has what else was measured.
    """
    n, dimensions = vectors.shape
    if n <= exact_up_to:
        exact = faiss.IndexFlatL2(dimensions)
        exact.add(vectors)
        return exact
    lists = min(LISTS, max(1, n // _SAMPLE))
    # To a multiple of eight: for other widths FAISS compares number by number, which takes 20 times as long or more.
    index = faiss.index_factory(dimensions, f"Pad{-(-dimensions // 8) * 8},IVF{lists},SQfp16")
    inverted = faiss.extract_index_ivf(index)
    inverted.nprobe = min(PROBES, lists)
    inverted.cp.niter, inverted.cp.max_points_per_centroid = _ITERATIONS, _SAMPLE
    index.train(vectors[np.random.default_rng(0).choice(n, min(n, lists * _SAMPLE), replace=False)])
    for start in range(0, n, _CHUNK):
        index.add(vectors[start : start + _CHUNK])
    inverted.make_direct_map()
    return index


def search(index: Any, query: NDArray[np.float32], k: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Find the `k` vectors, of at least as many, nearest to a query, (dimensions,): squared distances and rows."""
    squares, rows = index.search(query[None], k)
    if (rows < 0).any():  # the lists that were looked into hold fewer
        every: Any = faiss.SearchParametersIVF(nprobe=faiss.extract_index_ivf(index).nlist)  # type: ignore[call-arg]
        params: Any = faiss.SearchParametersPreTransform(index_params=every)  # type: ignore[call-arg]
        squares, rows = index.search(query[None], k, params=params)
    return squares[0], rows[0]
