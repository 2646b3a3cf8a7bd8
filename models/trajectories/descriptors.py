"""What is seen along a trajectory: its shape, and histograms of gradients, of flow and of motion boundaries.

Around every point of a trajectory lies a patch of two by two cells; their histograms are normalised together and
averaged over three spans of time (Wang et al., IJCV 2013, section 3; Wang & Schmid, ICCV 2013, section 3). Only
trajectories that turn out to be valid are described, from the cells that are kept of the last frames.
"""

import math

import numpy as np
from numpy.typing import NDArray

from models.trajectories.histograms import CHANNELS
from models.trajectories.kernels import compiled

F = np.float32

BLOCKS = {
    "trajectory": slice(0, 30),
    "hog": slice(30, 126),
    "hof": slice(126, 234),
    "mbhx": slice(234, 330),
    "mbhy": slice(330, 426),
}
"""Columns of each block of a descriptor; within a block: time cell, x cell, y cell, bin."""

WIDTH = 426
TIME_CELLS = 3

EPSILON = F(0.05)
"""Added to every bin before the norm."""

_ZERO, _ONE = F(0), F(1)
_BITS = np.uint32(16)


@compiled
def _add_normalised(
    cells: NDArray[np.float32], first: int, still: bool, share: np.float32, row: NDArray[np.float32], start: int
) -> None:
    """Add the root of the L1-normalised histograms of one block and frame to its time cell."""
    total = _ZERO
    for cell in range(4):
        for b in range(8):
            total += cells[cell, first + b]
        if still:
            total += cells[cell, CHANNELS - 1]
    scale = share * share / total
    width = 9 if still else 8
    for cell in range(4):
        for b in range(8):
            row[start + cell * width + b] += math.sqrt(cells[cell, first + b] * scale)
        if still:
            row[start + cell * width + 8] += math.sqrt(cells[cell, CHANNELS - 1] * scale)


@compiled
def describe(
    points: NDArray[np.float32],
    motions: NDArray[np.float32],
    layers: NDArray[np.int16],
    finished: NDArray[np.int32],
    first_frame: int,
    ring: NDArray[np.uint16],
    starts: NDArray[np.int64],
    columns: NDArray[np.int64],
    shapes: NDArray[np.int64],
    square: int,
    cell: int,
    out: NDArray[np.float32],
) -> None:
    """Describe finished trajectories.

    Parameters
    ----------
    points : (slots, length + 1, 2)
        In pixels of the track's layer.
    motions : (slots, length, 2)
        Stabilised displacements.
    layers : (slots,)
    finished : (n,)
        Slots to describe; all of them began in frame `first_frame`.
    ring : (frames, size)
        Cells of the last frames, laid out by a `CellGrid`; frame t is in row t modulo the number of rows.
    starts, columns, square, cell
        Of the grid.
    shapes : (layers, 2)
        Height and width of each layer in pixels.
    out : (n, 426)
        Receives the descriptors, laid out as in `BLOCKS`.
    """
    length = motions.shape[1]
    bits = np.empty((4, CHANNELS), np.uint32)
    corners = bits.view(np.float32)
    cells = np.empty((4, CHANNELS), np.float32)
    share = _ONE / F(length // TIME_CELLS)
    for n in range(len(finished)):
        slot = finished[n]
        layer = layers[slot]
        height, width = shapes[layer]
        pitch = columns[layer] * CHANNELS
        row_out = out[n]
        row_out[:] = 0
        total = _ZERO
        for t in range(length):
            total += math.sqrt(motions[slot, t, 0] ** 2 + motions[slot, t, 1] ** 2)
        for t in range(length):
            row_out[2 * t] = motions[slot, t, 0] / total
            row_out[2 * t + 1] = motions[slot, t, 1] / total
            left = max(min(math.floor(points[slot, t, 0] + F(0.5)) - cell, width - 2 * cell), 0)
            top = max(min(math.floor(points[slot, t, 1] + F(0.5)) - cell, height - 2 * cell), 0)
            # A cell is a whole number of squares wide, so all four lie alike between those that are kept.
            fx, fy = F(left % square) / F(square), F(top % square) / F(square)
            w11 = fx * fy
            w01, w10, w00 = fx - w11, fy - w11, _ONE - fx - fy + w11
            histograms = ring[(first_frame + t) % len(ring)]
            for i in range(2):
                for j in range(2):
                    column, row = (left + i * cell) // square, (top + j * cell) // square
                    # Unsigned, or every access would be checked for counting from the end.
                    above = np.uintp(starts[layer] + row * pitch + column * CHANNELS)
                    below = above + np.uintp(pitch)
                    for c in range(CHANNELS):
                        k = np.uintp(c)
                        bits[0, k] = np.uint32(histograms[above + k]) << _BITS
                        bits[1, k] = np.uint32(histograms[above + np.uintp(CHANNELS) + k]) << _BITS
                        bits[2, k] = np.uint32(histograms[below + k]) << _BITS
                        bits[3, k] = np.uint32(histograms[below + np.uintp(CHANNELS) + k]) << _BITS
                    for c in range(CHANNELS):
                        blend = w00 * corners[0, c] + w01 * corners[1, c] + w10 * corners[2, c] + w11 * corners[3, c]
                        cells[2 * i + j, c] = blend + EPSILON
            time = t * TIME_CELLS // length
            _add_normalised(cells, 0, False, share, row_out, 30 + 32 * time)
            _add_normalised(cells, 8, True, share, row_out, 126 + 36 * time)
            _add_normalised(cells, 16, False, share, row_out, 234 + 32 * time)
            _add_normalised(cells, 24, False, share, row_out, 330 + 32 * time)
