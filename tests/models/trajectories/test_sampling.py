"""Sampling against OpenCV's cornerMinEigenVal."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.trajectories.sampling import textured_cells


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(10, 70), width=st.integers(10, 70), seed=st.integers(0, 99), sigma=st.sampled_from([0.5, 1, 3])
)
def test_equals_opencv(height: int, width: int, seed: int, sigma: float) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    layer = np.asarray(cv2.GaussianBlur(noise, (0, 0), sigma), np.uint8)
    cells = height // 5, width // 5
    found = textured_cells(layer.ravel(), np.array([[height, width]]), 5, 0.01)
    textured, eigenvalues = (values.reshape(cells) for values in found)
    expected = cv2.cornerMinEigenVal(layer, 3, ksize=3)
    at_centres = expected[2 : height // 5 * 5 : 5, 2 : width // 5 * 5 : 5]
    largest = expected[2:-2, 2:-2].max()
    scale = eigenvalues.max() / at_centres.max()
    np.testing.assert_allclose(eigenvalues, at_centres * scale, atol=1e-4 * eigenvalues.max())
    clear = np.abs(at_centres - 0.01 * largest) > 1e-5 * largest
    np.testing.assert_array_equal(textured[clear], (at_centres > 0.01 * largest)[clear])


def test_blank_layer_has_no_texture() -> None:
    textured, _ = textured_cells(np.full(1600, 128, np.uint8), np.array([[40, 40]]), 5, 0.001)
    assert not textured.any()
