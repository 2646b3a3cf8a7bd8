"""Singular vectors of a wide matrix, by the much smaller matrix of its rows' dot products."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Floats = NDArray[np.float64]

NEGLIGIBLE = 1e-6
"""Share of the largest eigenvalue below which one is rounding: the dot products are sums in single precision."""


def left_singular_vectors(rows: Array, rank: int | None = None) -> tuple[Floats, Floats]:
    """Return the left singular vectors and singular values of a matrix, the largest first.

    With ``u`` and ``s`` so found, ``u * s`` are the rows in coordinates of an orthonormal basis of their span, which
    keep all lengths and angles, and ``(u / s).T @ rows`` is that basis: the right singular vectors.

    Parameters
    ----------
    rows : float32 (n, dimensions)
        Fewer rows than dimensions, or there is nothing to gain.
    rank : int, optional
        At most how many.

    Returns
    -------
    u : float64 (n, k)
        In each column the entry of largest magnitude is positive: an eigenvector's sign is arbitrary and may differ
        between machines.
    s : float64 (k,)
    """
    values, vectors = np.linalg.eigh((rows @ rows.T).astype(np.float64))
    kept = np.flatnonzero(values > values[-1] * NEGLIGIBLE)[::-1][:rank]
    u = vectors[:, kept]
    u = u * np.sign(u[np.abs(u).argmax(axis=0), range(u.shape[1])])
    return u, np.sqrt(values[kept])
