"""What is seen along a trajectory: its shape, and histograms of gradients, of flow and of motion boundaries.

Around every point of a trajectory lies a patch of two by two cells; their histograms are normalised together and
averaged over three spans of time (Wang et al., IJCV 2013, section 3; Wang & Schmid, ICCV 2013, section 3). Only
trajectories that turn out to be valid are described, from the cells that are kept of the last frames.
"""

import math

import numpy as np
from numpy.typing import NDArray

from models.trajectories.histograms import CHANNELS
from models.trajectories.kernels import kernel, part, row_part

F = np.float32
Row = NDArray[np.float32]

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

_HOG, _HOF, _MBHX, _MBHY = (BLOCKS[name].start for name in ("hog", "hof", "mbhx", "mbhy"))
_ZERO, _ONE = F(0), F(1)
_BITS = np.uint32(16)


# The loops below run to a size and not to a constant, for which they would be unrolled and not vectorised.
@row_part
def _widen(halves: NDArray[np.uint16], bits: NDArray[np.uint32]) -> None:
    for c in range(bits.size):
        bits[c] = np.uint32(halves[c]) << _BITS


@row_part
def _blend(above: Row, below: Row, fx: np.float32, fy: np.float32, out: Row) -> None:
    """Interpolate between four cells, of which two that lie side by side are in each row (2 * CHANNELS,)."""
    w11 = fx * fy
    w01, w10, w00 = fx - w11, fy - w11, _ONE - fx - fy + w11
    n = out.size
    for c in range(n):
        out[c] = EPSILON + w00 * above[c] + w01 * above[n + c] + w10 * below[c] + w11 * below[n + c]


@row_part
def _sum(cells: NDArray[np.float32], total: Row) -> None:
    for c in range(total.size):
        total[c] = cells[0, c] + cells[1, c] + cells[2, c] + cells[3, c]


@row_part
def _add_roots(cells: Row, scales: Row, total: Row) -> None:
    for c in range(total.size):
        total[c] += math.sqrt(cells[c] * scales[c])


@part
def _scales(cells: NDArray[np.float32], share: np.float32, scales: Row) -> None:
    """Tell what the channels of a patch's cells (4, CHANNELS) are to be multiplied with before the root.

    Each block is brought to a sum of one, and counts for `share` of its time cell.
    """
    _sum(cells, scales)
    for block in range(4):
        first = np.uintp(8 * block)
        moves = block == 1  # HOF, to which the pixels without motion belong
        total = scales[CHANNELS - 1] if moves else _ZERO
        for c in range(8):
            total += scales[first + np.uintp(c)]
        scale = share * share / total
        for c in range(8):
            scales[first + np.uintp(c)] = scale
        if moves:
            scales[CHANNELS - 1] = scale


@part
def _lay_out(cells: NDArray[np.float32], time: int, row: Row) -> None:
    """Write the cells (4, CHANNELS) of one time cell to their columns of a descriptor."""
    for cell in range(4):
        for c in range(8):
            row[np.uintp(_HOG + 32 * time + 8 * cell + c)] = cells[cell, c]
            row[np.uintp(_HOF + 36 * time + 9 * cell + c)] = cells[cell, 8 + c]
            row[np.uintp(_MBHX + 32 * time + 8 * cell + c)] = cells[cell, 16 + c]
            row[np.uintp(_MBHY + 32 * time + 8 * cell + c)] = cells[cell, 24 + c]
        row[np.uintp(_HOF + 36 * time + 9 * cell + 8)] = cells[cell, CHANNELS - 1]


@part
def _smooth(steps: NDArray[np.float32]) -> None:
    """Average the steps (length, 2) of a track with those before and after, in place; the ends count twice."""
    last = len(steps) - 1
    for axis in range(2):
        before = steps[0, axis]
        for t in range(last + 1):
            step, after = steps[t, axis], steps[min(t + 1, last), axis]
            steps[t, axis] = F(0.25) * (before + after) + F(0.5) * step
            before = step


@kernel
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
    smooth: bool,
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
    smooth : bool
        Average each step with those before and after before the shape is taken.
    out : (n, 426)
        Receives the descriptors, laid out as in `BLOCKS`.
    """
    length = motions.shape[1]
    bits = np.empty((2, 2 * CHANNELS), np.uint32)
    corners = bits.view(np.float32)
    scales = np.empty(CHANNELS, np.float32)
    cells = np.empty((4, CHANNELS), np.float32)
    steps = np.empty((length, 2), np.float32)
    share = _ONE / F(length // TIME_CELLS)
    sums = np.empty((4, CHANNELS), np.float32)
    sums[:] = 0
    for n in range(len(finished)):
        slot = finished[n]
        layer = layers[slot]
        height, width = shapes[layer]
        pitch = columns[layer] * CHANNELS
        for t in range(length):
            steps[t, 0], steps[t, 1] = motions[slot, t, 0], motions[slot, t, 1]
        if smooth:
            _smooth(steps)
        total = _ZERO
        for t in range(length):
            total += math.sqrt(steps[t, 0] ** 2 + steps[t, 1] ** 2)
        for t in range(length):
            out[n, 2 * t] = steps[t, 0] / total
            out[n, 2 * t + 1] = steps[t, 1] / total
            left = max(min(math.floor(points[slot, t, 0] + F(0.5)) - cell, width - 2 * cell), 0)
            top = max(min(math.floor(points[slot, t, 1] + F(0.5)) - cell, height - 2 * cell), 0)
            # A cell is a whole number of squares wide, so all four lie alike between those that are kept.
            fx, fy = F(left % square) / F(square), F(top % square) / F(square)
            histograms = ring[(first_frame + t) % len(ring)]
            for i in range(2):
                for j in range(2):
                    column, row = (left + i * cell) // square, (top + j * cell) // square
                    # Unsigned, or every access would be checked for counting from the end.
                    above = np.uintp(starts[layer] + row * pitch + column * CHANNELS)
                    below = above + np.uintp(pitch)
                    _widen(histograms[above : above + np.uintp(2 * CHANNELS)], bits[0])
                    _widen(histograms[below : below + np.uintp(2 * CHANNELS)], bits[1])
                    _blend(corners[0], corners[1], fx, fy, cells[2 * i + j])
            _scales(cells, share, scales)
            for i in range(4):
                _add_roots(cells[i], scales, sums[i])
            if (t + 1) % (length // TIME_CELLS) == 0:
                _lay_out(sums, t * TIME_CELLS // length, out[n])
                sums[:] = 0
