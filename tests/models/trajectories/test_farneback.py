"""The flow against OpenCV's Farnebäck implementation, and against known motions."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.trajectories.expansion import expand
from models.trajectories.farneback import Plane, flow
from models.trajectories.pyramid import Pyramid
from models.trajectories.settings import TrajectorySettings

STEP = 2**0.5


def texture(height: int, width: int, seed: int = 0) -> NDArray[np.float32]:
    noise = np.random.default_rng(seed).normal(size=(height, width)).astype(np.float32)
    image = sum(s * cv2.GaussianBlur(noise, (0, 0), s) for s in (1.5, 3, 6, 12))
    return np.asarray(cv2.normalize(image, None, 0, 255, cv2.NORM_MINMAX), np.float32)  # type: ignore[call-overload]


def moved(image: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.uint8]:
    size = image.shape[1], image.shape[0]
    warped = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return np.rint(np.clip(warped, 0, 255)).astype(np.uint8)


def shift(x: float, y: float) -> NDArray[np.float64]:
    return np.array([[1, 0, x], [0, 1, y]], np.float64)


def shapes(grey: NDArray[np.uint8]) -> list[tuple[int, int]]:
    return [(h, w) for h, w in Pyramid.of(grey, TrajectorySettings.reference()).shapes.tolist()]


def opencv(before: NDArray[np.uint8], after: NDArray[np.uint8], layers: int) -> Plane:
    field = cv2.calcOpticalFlowFarneback(
        before, after, None, 0.5**0.5, layers - 1, 10, 2, 7, 1.5, cv2.OPTFLOW_FARNEBACK_GAUSSIAN
    )  # type: ignore[call-overload]
    return np.asarray(field, np.float32).transpose(2, 0, 1)


# Sizes whose layers do not depend on how halves are rounded.
SIZES = [(120, 160), (176, 104), (33, 251)]


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_equals_opencv_without_the_median(height: int, width: int) -> None:
    # With a median of one pixel the algorithms are identical: pyramid, expansion, border, iterations, upsampling.
    image = texture(height, width)
    turned = np.array([[1.01, 0.02, 2.6], [-0.02, 1.01, -1.7]])
    before, after = moved(image, shift(0, 0)), moved(image, turned)
    sizes = shapes(before)
    ours = flow(expand(before, sizes, STEP), expand(after, sizes, STEP), STEP, median=1)[0]
    assert ours.shape == (2, height, width)
    assert ours.dtype == np.float32
    difference = np.abs(ours - opencv(before, after, len(sizes)))
    assert np.quantile(difference, 0.99) < 1e-3
    assert difference.max() < 0.05


def test_equals_opencv_on_noise_and_on_a_flat_frame() -> None:
    # Covers large displacements that leave the frame, and determinants of zero.
    before, after = np.random.default_rng(1).integers(0, 256, (2, 60, 90), dtype=np.uint8)
    before[:, 60:] = 7
    after[:, 50:] = 7
    ours = flow(expand(before, [(60, 90)], STEP), expand(after, [(60, 90)], STEP), STEP, median=1)[0]
    expected = opencv(before, after, 1)
    assert np.abs(expected).max() > 5
    np.testing.assert_allclose(ours, expected, atol=1e-3 * np.abs(expected).max())


def test_median_filters_each_layer_before_the_next() -> None:
    before, after = moved(texture(64, 80), shift(0, 0)), moved(texture(64, 80), shift(1.5, 0.5))
    sizes = shapes(before)
    one, two = expand(before, sizes, STEP), expand(after, sizes, STEP)
    fields = flow(one, two, STEP)
    coarse = flow(one[-1:], two[-1:], STEP)[0]
    np.testing.assert_array_equal(fields[-1], coarse)
    raw = opencv(before, after, 1)
    single = flow(one[:1], two[:1], STEP)[0]
    filtered = [cv2.medianBlur(np.ascontiguousarray(component), 5) for component in raw]
    np.testing.assert_allclose(single, filtered, atol=1e-3)


@pytest.mark.parametrize("bilinear", [True, False])
def test_flow_of_a_shifted_texture_on_every_layer(bilinear: bool) -> None:
    image = texture(200, 240)
    before, after = moved(image, shift(0, 0)), moved(image, shift(5.25, -3.5))
    sizes = shapes(before)
    one, two = expand(before, sizes, STEP), expand(after, sizes, STEP)
    for layer, field in enumerate(flow(one, two, STEP, bilinear=bilinear)):
        inner = field[:, 12:-12, 12:-12] if layer < 4 else field[:, 5:-5, 5:-5]
        for component, expected in zip(inner, (5.25, -3.5), strict=True):
            assert np.median(component) * 2 ** (layer / 2) == pytest.approx(expected, abs=0.15 * 2 ** (layer / 2))
            if layer == 0:
                assert np.quantile(np.abs(component - expected), 0.95) < 0.1


def test_first_iteration_needs_no_interpolation() -> None:
    before, after = moved(texture(90, 70), shift(0, 0)), moved(texture(90, 70), shift(0.8, -0.6))
    one, two = expand(before, [(90, 70)], STEP), expand(after, [(90, 70)], STEP)
    between, nearest = (flow(one, two, STEP, iterations=(1,), bilinear=bilinear)[0] for bilinear in (True, False))
    assert np.abs(between).max() > 0.5
    np.testing.assert_allclose(nearest, between, atol=1e-5)


def test_identical_frames_have_no_flow() -> None:
    grey = moved(texture(90, 70), shift(0, 0))
    expansions = expand(grey, [(90, 70)], STEP)
    # The last row and column have no neighbours to interpolate with; windows and median spread the effect.
    assert not flow(expansions, expansions, STEP)[0][:, :-13, :-13].any()


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 9), (5, 40), (16, 16), (17, 33)])
def test_small_frames_have_finite_flow(height: int, width: int) -> None:
    before, after = np.random.default_rng(2).integers(0, 256, (2, height, width), dtype=np.uint8)
    one, two = expand(before, [(height, width)], STEP), expand(after, [(height, width)], STEP)
    for bilinear in (True, False):
        field = flow(one, two, STEP, bilinear=bilinear)[0]
        assert field.shape == (2, height, width)
        assert np.isfinite(field).all()


def test_writes_to_given_arrays() -> None:
    grey = moved(texture(64, 64), shift(0, 0)), moved(texture(64, 64), shift(1, 0))
    one, two = (expand(image, shapes(image), STEP) for image in grey)
    buffer = np.full((4, 2, 64, 64), np.nan, np.float32)
    out = [buffer[layer].ravel()[: 2 * h * w].reshape(2, h, w) for layer, (h, w) in enumerate(shapes(grey[0]))]
    assert flow(one, two, STEP, out=out)[0] is out[0]
    for written, fresh in zip(out, flow(one, two, STEP), strict=True):
        np.testing.assert_array_equal(written, fresh)


def test_is_thread_safe() -> None:
    image = texture(120, 160)
    frames = [moved(image, shift(0.7 * i, 0.3 * i)) for i in range(6)]
    sizes = shapes(frames[0])

    def one_flow(i: int) -> Plane:
        return flow(expand(frames[i], sizes, STEP), expand(frames[i + 1], sizes, STEP), STEP)[0]

    alone = [one_flow(i) for i in range(5)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(one_flow, list(range(5)) * 3))
    for i, field in enumerate(together):
        np.testing.assert_array_equal(field, alone[i % 5])
