import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.fusion import WEIGHT, fuse

FISHER = np.random.default_rng(0).normal(size=7).astype(np.float32)
FEATURES = arrays(np.float32, 4, elements=st.floats(-100, 100, width=32))
DEVIATIONS = arrays(np.float32, 4, elements=st.floats(0.125, 100, width=32))


@given(FEATURES, FEATURES, DEVIATIONS)
def test_equals_the_formula(features: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> None:
    fused = fuse(FISHER, features, mean, deviation)
    standard = (features.astype(np.float64) - mean) / deviation
    rooted = np.copysign(np.sqrt(np.abs(standard)), standard)
    expected = WEIGHT * rooted / np.linalg.norm(rooted) if standard.any() else rooted
    assert fused.dtype == np.float32
    np.testing.assert_array_equal(fused[:7], FISHER)
    np.testing.assert_allclose(fused[7:], expected, atol=2e-3)  # the square root magnifies rounding near zero


def test_batch_equals_single_clips() -> None:
    fisher, features, (mean, deviation) = (
        np.random.default_rng(1).random((n, width), np.float32) for n, width in ((5, 7), (5, 4), (2, 4))
    )
    batch = fuse(fisher, features, mean, deviation)
    single = [fuse(*clip, mean, deviation) for clip in zip(fisher, features, strict=True)]
    np.testing.assert_allclose(batch, single, atol=1e-6)


def test_features_that_never_vary_are_ignored() -> None:
    mean, deviation = np.zeros(4, np.float32), np.array([1, 0, 2, 0], np.float32)
    with_them, without = (
        fuse(FISHER, np.array(features, np.float32), mean, deviation) for features in ([1, 9, 2, -9], [1, 0, 2, 0])
    )
    np.testing.assert_array_equal(with_them, without)
    assert np.isfinite(with_them).all()
