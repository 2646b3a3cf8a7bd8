"""The search index of a tag space: exhaustive up to a size at which that is fast, inverted lists above.

Vectors are in half precision either way, which moves them by a thousandth of the distance between neighbours or less.
"""

from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

EXACT_UP_TO = 200_000
"""Number of vectors up to which every query is compared with each."""
LISTS, PROBES = 4096, 32
"""Inverted lists, and how many of them a query searches: those with the nearest centroids."""
_SAMPLE, _ITERATIONS, _CHUNK = 40, 8, 1 << 17
"""Training vectors per centroid, k-means iterations, and vectors added at a time."""


def build_index(vectors: NDArray[np.float32], *, exact_up_to: int = EXACT_UP_TO) -> Any:
    """Build a FAISS index under the L2 metric.

    Parameters
    ----------
    vectors : ndarray of float32, (n, dimensions)
        Of unit length.
    exact_up_to : int
        Above this number search is approximate, in inverted lists (Jégou et al., "Product quantization for nearest
        neighbor search", PAMI 2011, section IV).
    """
    n, dimensions = vectors.shape
    # Padded to a multiple of eight: FAISS computes other widths one component at a time, 20 times slower or worse.
    padded = f"Pad{-(-dimensions // 8) * 8}"
    if n <= exact_up_to:
        exact = faiss.index_factory(dimensions, f"{padded},SQfp16")
        exact.train(vectors)
        exact.add(vectors)
        return exact
    lists = min(LISTS, max(1, n // _SAMPLE))
    index = faiss.index_factory(dimensions, f"{padded},IVF{lists},SQfp16")
    inverted = faiss.extract_index_ivf(index)
    inverted.nprobe = min(PROBES, lists)
    inverted.cp.niter, inverted.cp.max_points_per_centroid = _ITERATIONS, _SAMPLE
    index.train(vectors[np.random.default_rng(0).choice(n, min(n, lists * _SAMPLE), replace=False)])
    for start in range(0, n, _CHUNK):
        index.add(vectors[start : start + _CHUNK])
    inverted.make_direct_map()
    return index


def search(index: Any, query: NDArray[np.float32], k: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return squared distances and rows of the `k` vectors nearest to a query, (dimensions,); there must be `k`."""
    squares, rows = index.search(query[None], k)
    if (rows < 0).any():  # the lists searched hold fewer than k vectors
        all_lists: Any = faiss.SearchParametersIVF(nprobe=faiss.extract_index_ivf(index).nlist)  # type: ignore[call-arg]
        params: Any = faiss.SearchParametersPreTransform(index_params=all_lists)  # type: ignore[call-arg]
        squares, rows = index.search(query[None], k, params=params)
    return squares[0], rows[0]
