"""The compiled histograms against a plain NumPy implementation of the same definition."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

from models.trajectories.descriptors import describe
from models.trajectories.histograms import CHANNELS, CellGrid
from models.trajectories.pyramid import Pyramid

HEIGHT, WIDTH, LENGTH, CELL = 61, 83, 15, 16
Frame = tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]


def count(dx: NDArray[np.float64], dy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Orientation histogram of a patch of vectors: each length is split between the two nearest of eight directions."""
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
def frame() -> Frame:
    rng = np.random.default_rng(5)
    grey = rng.integers(0, 256, (HEIGHT, WIDTH), np.uint8)
    u, v = rng.standard_normal((2, HEIGHT, WIDTH)).astype(np.float32)
    return grey, u, v


def channels(frame: Frame, cell: tuple[slice, slice], every: int = 1) -> NDArray[np.float64]:
    """Histograms of a cell, each counted pixel standing for the square of `every` pixels that it is the corner of."""
    grey, u, v = (np.asarray(plane, np.float64) for plane in frame)
    cell = tuple(slice(side.start, side.stop, every) for side in cell)  # type: ignore[assignment]
    hof = count(u[cell], v[cell])
    still = np.hypot(u[cell], v[cell]) <= 0.4
    hof = count(u[cell][~still], v[cell][~still])
    hof[8] = still.sum()
    parts = [count(*(g[cell] for g in gradients(plane)))[:8] for plane in (grey, u, v)]
    return every**2 * np.concatenate([parts[0], hof[:8], parts[1], parts[2], hof[8:]])


def fill(grid: CellGrid, buffer: NDArray[np.uint16], frame: Frame, every: int = 1) -> None:
    grey, u, v = frame
    grid.count(grey.ravel(), u.ravel(), v.ravel(), every, buffer)


def histograms(grid: CellGrid, frame: Frame, every: int) -> NDArray[np.float32]:
    buffer = np.zeros(grid.size, np.uint16)
    fill(grid, buffer, frame, every)
    return (buffer.astype(np.uint32) << 16).view(np.float32).reshape(-1, int(grid.columns[0]), CHANNELS)


@pytest.mark.parametrize(("square", "every"), [(1, 1), (2, 1), (2, 2), (4, 1), (4, 2), (4, 4)])
def test_cell_histograms(square: int, every: int, frame: Frame) -> None:
    grid = CellGrid(Pyramid(HEIGHT, WIDTH, 1, 32, 2.0), square, CELL)
    cells = histograms(grid, frame, every)
    for row, column in [(0, 0), (3, 5), ((HEIGHT - CELL) // square, 2), (4, (WIDTH - CELL) // square)]:
        top, left = row * square, column * square
        expected = channels(frame, (slice(top, top + CELL), slice(left, left + CELL)), every)
        # fastAtan2 is accurate to 0.3 degrees, bfloat16 to 0.2 %.
        np.testing.assert_allclose(cells[row, column], expected, rtol=0.02, atol=0.01 * expected.max())


@pytest.mark.parametrize(("square", "tolerance"), [(1, 0.005), (2, 0.02), (4, 0.03)])
def test_describe(
    square: int,
    tolerance: float,
    frame: Frame,
) -> None:
    """A still track on a repeated frame: its blocks are the histograms of that frame."""
    pyramid = Pyramid(HEIGHT, WIDTH, 1, 32, 2.0)
    grid = CellGrid(pyramid, square, CELL)
    ring = np.empty((LENGTH, grid.size), np.uint16)
    for row in ring:
        fill(grid, row, frame)
    points = np.broadcast_to(np.array([40.3, 29.6], np.float32), (1, LENGTH + 1, 2)).copy()
    motions = np.broadcast_to(np.array([2, 0], np.float32), (1, LENGTH, 2)).copy()
    out = np.empty((1, 426), np.float32)
    describe(
        points, motions, np.zeros(1, np.int16), np.zeros(1, np.int32), 0, ring,
        grid.starts, grid.columns, pyramid.shapes, square, CELL, True, out,
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
    for own in (range(8), [*range(8, 16), 32], range(16, 24), range(24, 32)):
        block = cells[:, own].ravel() + 0.05
        expected.append(np.tile(np.sqrt(block / block.sum()), 3))
    np.testing.assert_allclose(out[0], np.concatenate(expected), atol=tolerance)


@pytest.mark.parametrize("smooth", [False, True])
def test_shape_is_normalised_displacements(smooth: bool, frame: Frame) -> None:
    pyramid = Pyramid(HEIGHT, WIDTH, 1, 32, 2.0)
    grid = CellGrid(pyramid, 4, CELL)
    ring = np.empty((LENGTH, grid.size), np.uint16)
    for row in ring:
        fill(grid, row, frame)
    motions = np.random.default_rng(6).normal(size=(2, LENGTH, 2)).astype(np.float32)
    out = np.empty((1, 426), np.float32)
    describe(
        np.full((2, LENGTH + 1, 2), 30, np.float32), motions, np.zeros(2, np.int16), np.ones(1, np.int32), 0, ring,
        grid.starts, grid.columns, pyramid.shapes, 4, CELL, smooth, out,
    )  # fmt: skip
    steps = correlate1d(motions[1], [0.25, 0.5, 0.25], axis=0, mode="nearest") if smooth else motions[1]
    expected = steps / np.linalg.norm(steps, axis=1).sum()
    np.testing.assert_allclose(out[0, :30].reshape(LENGTH, 2), expected, atol=1e-6)
