import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.singular_vectors import left_singular_vectors


def rows(seed: int, n: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 40)).astype(np.float32)


@given(st.integers(0, 20), st.integers(1, 12), st.integers(1, 12))
def test_the_same_as_a_singular_value_decomposition(seed: int, n: int, rank: int) -> None:
    matrix = rows(seed, n)
    u, s = left_singular_vectors(matrix, rank)
    expected_u, expected_s, _ = np.linalg.svd(matrix.astype(np.float64), full_matrices=False)
    count = min(rank, n)
    np.testing.assert_allclose(s, expected_s[:count], rtol=1e-4)
    np.testing.assert_allclose(np.abs((u * expected_u[:, :count]).sum(axis=0)), 1, atol=1e-2)
    assert (u[np.abs(u).argmax(axis=0), range(count)] > 0).all()


def test_dependent_rows_have_no_directions_of_rounding() -> None:
    matrix = rows(0, 5)
    u, s = left_singular_vectors(np.concatenate([matrix, 2 * matrix]))
    assert u.shape == (10, 5)
    np.testing.assert_allclose(u * s @ (u * s).T, np.kron([[1, 2], [2, 4]], matrix @ matrix.T), rtol=1e-3, atol=1e-3)


def test_coordinates_and_basis_give_the_rows() -> None:
    matrix = rows(1, 8)
    u, s = left_singular_vectors(matrix)
    basis = (u / s).T @ matrix
    np.testing.assert_allclose(basis @ basis.T, np.eye(8), atol=1e-5)
    np.testing.assert_allclose(u * s @ basis, matrix, atol=1e-4)
