"""The compiled histograms against a plain numpy count of the same definition."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from models.trajectories.descriptors import CHANNELS, HistogramLayout, describe, integral_histograms
from models.trajectories.pyramid import Pyramid

HEIGHT, WIDTH, LENGTH = 61, 83, 15


def count(dx: NDArray[np.float64], dy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Orientation histogram of a patch of vectors: length shared by the two nearest of eight directions."""
    position = np.mod(np.arctan2(dy, dx), 2 * math.pi) / (2 * math.pi) * 8
    histogram = np.zeros(9)
    low = np.floor(position).astype(int) % 8
    length, share = np.hypot(dx, dy), position - np.floor(position)
    np.add.at(histogram, low, length * (1 - share))
    np.add.at(histogram, (low + 1) % 8, length * share)
    return histogram


def gradients(image: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    padded = np.pad(image, 1, mode="reflect")
    return padded[1:-1, 2:] - padded[1:-1, :-2], padded[2:, 1:-1] - padded[:-2, 1:-1]


@pytest.fixture(scope="module")
def frame() -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    rng = np.random.default_rng(5)
    grey = rng.integers(0, 256, (HEIGHT, WIDTH), np.uint8)
    u, v = rng.standard_normal((2, HEIGHT, WIDTH)).astype(np.float32)
    return grey, u, v


def channels(
    frame: tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]], cell: tuple[slice, slice]
) -> NDArray[np.float64]:
    grey, u, v = (np.asarray(plane, np.float64) for plane in frame)
    hof = count(u[cell], v[cell])
    still = np.hypot(u[cell], v[cell]) <= 0.4
    hof = count(u[cell][~still], v[cell][~still])
    hof[8] = still.sum()
    parts = [count(*(g[cell] for g in gradients(plane)))[:8] for plane in (grey, u, v)]
    return np.concatenate([parts[0], hof, parts[1], parts[2]])


@pytest.mark.parametrize("square", [1, 2, 4])
def test_integral_histograms(
    square: int, frame: tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]
) -> None:
    rows, columns = -(-HEIGHT // square), -(-WIDTH // square)
    out = np.empty((rows + 1, columns + 1, CHANNELS), np.float32)
    integral_histograms(*frame, square, out)
    for y, x in [(rows, columns), (5, 7), (rows, 3), (9, columns)]:
        expected = channels(frame, (slice(0, y * square), slice(0, x * square)))
        # fastAtan2 is good to 0.3 degrees.
        np.testing.assert_allclose(out[y, x], expected, rtol=0.02, atol=0.01 * expected.max())


@pytest.mark.parametrize(("square", "tolerance"), [(1, 0.005), (2, 0.02), (4, 0.03)])
def test_describe(
    square: int,
    tolerance: float,
    frame: tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]],
) -> None:
    """One track that stands still on one repeated frame: its blocks are the frame's own histograms."""
    pyramid = Pyramid(HEIGHT, WIDTH, 1, 32)
    layout = HistogramLayout(pyramid, square)
    ring = np.empty((LENGTH, layout.size), np.float32)
    for row in ring:
        integral_histograms(*frame, square, layout.layer(row, 0))
    points = np.broadcast_to(np.array([40.3, 29.6], np.float32), (1, LENGTH + 1, 2)).copy()
    motions = np.broadcast_to(np.array([2, 0], np.float32), (1, LENGTH, 2)).copy()
    out = np.empty((1, 426), np.float32)
    describe(
        points, motions, np.zeros(1, np.int16), np.zeros(1, np.int32), 0, ring,
        layout.starts, layout.grids, pyramid.shapes, square, 32, out,
    )  # fmt: skip
    left, top = 40 - 16, 30 - 16
    cells = np.stack(
        [
            channels(frame, (slice(top + j, top + j + 16), slice(left + i, left + i + 16)))
            for i in (0, 16)
            for j in (0, 16)
        ]
    )
    expected = [np.tile([1 / LENGTH, 0], LENGTH)]
    for first, bins in ((0, 8), (8, 9), (17, 8), (25, 8)):
        block = cells[:, first : first + bins].ravel() + 0.05
        expected.append(np.tile(np.sqrt(block / block.sum()), 3))
    np.testing.assert_allclose(out[0], np.concatenate(expected), atol=tolerance)
