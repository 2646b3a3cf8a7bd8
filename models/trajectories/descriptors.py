"""Descriptors of trajectories: shape, and histograms of gradients (HOG), flow (HOF) and motion boundaries (MBH).

Each point of a trajectory has a patch of two by two cells; their histograms are normalised together and averaged over
three time spans (Wang et al., IJCV 2013, section 3; Wang & Schmid, ICCV 2013, section 3). Descriptors are computed only
for valid trajectories, from the cell histograms kept for the last frames.
"""

import math

import numpy as np
from numpy.typing import NDArray

from models.trajectories.compilation import kernel, part, row_part
from models.trajectories.descriptor_layout import BLOCKS, TIME_CELLS
from models.trajectories.histograms import CHANNELS

F = np.float32
Row = NDArray[np.float32]

EPSILON = F(0.05)
"""Added to every bin before normalisation."""

_HOG, _HOF, _MBHX, _MBHY = (BLOCKS[name].start for name in ("hog", "hof", "mbhx", "mbhy"))
_ZERO, _ONE = F(0), F(1)
_BITS = np.uint32(16)


# The loops below run to an array's size: with a constant bound they would be unrolled instead of vectorised.
@row_part
def _widen(halves: NDArray[np.uint16], bits: NDArray[np.uint32]) -> None:
    for c in range(bits.size):
        bits[c] = np.uint32(halves[c]) << _BITS


@row_part
def _blend(above: Row, below: Row, fx: np.float32, fy: np.float32, out: Row) -> None:
    """Interpolate between four cells; each row, (2 * CHANNELS,), holds two adjacent ones."""
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
    """Compute the factors for the channels of a patch's cells, (4, CHANNELS), before the square root.

    They normalise each block to a sum of one and weight it by `share`, its part of the time cell.
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
    """Write the cells of one time span, (4, CHANNELS), to their columns of a descriptor."""
    for cell in range(4):
        for c in range(8):
            row[np.uintp(_HOG + 32 * time + 8 * cell + c)] = cells[cell, c]
            row[np.uintp(_HOF + 36 * time + 9 * cell + c)] = cells[cell, 8 + c]
            row[np.uintp(_MBHX + 32 * time + 8 * cell + c)] = cells[cell, 16 + c]
            row[np.uintp(_MBHY + 32 * time + 8 * cell + c)] = cells[cell, 24 + c]
        row[np.uintp(_HOF + 36 * time + 9 * cell + 8)] = cells[cell, CHANNELS - 1]


@part
def _smooth(steps: NDArray[np.float32]) -> None:
    """Smooth the steps of a track, (length, 2), with the weights 1/4, 1/2, 1/4, in place; the ends are repeated."""
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
    """Compute the descriptors of finished trajectories.

    Parameters
    ----------
    points : (slots, length + 1, 2)
        In pixels of the track's layer.
    motions : (slots, length, 2)
        Stabilised displacements.
    layers : (slots,)
    finished : (n,)
        Slots of the trajectories, all of which start in frame `first_frame`.
    ring : (frames, size)
        Ring buffer of the cells of the last frames, laid out by a `CellGrid`; frame t is in row t modulo `frames`.
    starts, columns, square, cell
        Of the grid.
    shapes : (layers, 2)
        Height and width of each layer in pixels.
    smooth : bool
        Smooth the steps before computing the shape.
    out : (n, 426)
        The descriptors, laid out as in `BLOCKS`, are written here.
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
            # Cells are a whole number of squares wide, so all four have the same offset from the stored ones.
            fx, fy = F(left % square) / F(square), F(top % square) / F(square)
            histograms = ring[(first_frame + t) % len(ring)]
            for i in range(2):
                for j in range(2):
                    column, row = (left + i * cell) // square, (top + j * cell) // square
                    # Unsigned: otherwise every access would be checked for a negative index.
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
