"""What one frame shows: histograms of gradients, of flow and of motion boundaries in every cell a patch may have.

In a square cell of pixels the orientations of the grey gradients (HOG), of the flow (HOF) and of the gradients of both
flow components (MBH) are counted, each vector by its length (Wang et al., IJCV 2013, section 3). Pixels are counted in
small squares, squares are summed to cells, and cells are kept at every corner of a square, in 16 bits (the upper half
of a float32, as bfloat16): a cell anywhere lies between four of them, next to each other in memory.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.trajectories.kernels import body, kernel, part, row_part
from models.trajectories.pyramid import Pyramid, offsets

F = np.float32
Row = NDArray[np.float32]

ORIENTATIONS = 8
CHANNELS = 33
"""HOG, HOF, MBHx and MBHy 8 each, and the pixels without motion, which belong to HOF."""

STILL = F(0.4)
"""Flow of at most this many pixels of its layer counts as no motion."""

_ZERO, _ONE, _SEVEN = F(0), F(1), F(ORIENTATIONS - 1)
_TINY = F(1e-20)
# Coefficients of OpenCV's fastAtan2 (0.3 degrees), in eighths of a turn.
_P1, _P3, _P5, _P7 = (
    F(c * ORIENTATIONS / (2 * math.pi))
    for c in (0.9997878412794807, -0.3258083974640975, 0.1555786518463281, -0.04432655554792128)
)
_QUARTER, _HALF, _FULL = F(2), F(4), F(8)
_HALF_BIT, _BITS = np.uint32(1 << 15), np.uint32(16)


class CellGrid:
    """Where the cells of each layer lie in the flat buffer of one frame.

    Attributes
    ----------
    square, cell : int
        Sides in pixels of a layer; a cell is a whole number of squares wide.
    columns : int64 (layers,)
        Cells in a row of each layer, the last one beyond what is ever asked for but as a neighbour.
    starts : int64 (layers,)
        First element of each layer's array (rows, columns, CHANNELS).
    size : int
        Elements of a buffer.
    """

    def __init__(self, pyramid: Pyramid, square: int, cell: int) -> None:
        self.square, self.cell = square, cell
        self._pyramid = pyramid
        # A patch is two cells wide even on a layer that is not.
        self._shapes = np.maximum(pyramid.shapes - cell, cell) // square + 2
        self.columns = np.ascontiguousarray(self._shapes[:, 1])
        ends = offsets(self._shapes.prod(axis=1) * CHANNELS)
        self.starts, self.size = ends[:-1], int(ends[-1])

    def count(self, grey: NDArray[Any], u: Row, v: Row, every: int, out: NDArray[np.uint16]) -> None:
        """Count the orientations in every cell of every layer.

        Parameters
        ----------
        grey : uint8 (pixels,)
            Of all layers of the pyramid, one after the other.
        u, v : float32 (pixels,)
            Stabilised flow in pixels of each layer.
        every : int
            Of so many rows of pixels one is counted, for all of them.
        out : uint16 (size,)
            Receives the upper halves of the float32 histograms of the cells that begin `square` pixels apart.
        """
        _count_layers(grey, u, v, self._pyramid.shapes, self.square, self.cell, every, self._shapes, out)


@row_part
def _share(dx: Row, dy: Row, bins: NDArray[np.int32], low: Row, high: Row) -> None:
    """Share each vector's length between the two orientations nearest to it."""
    for x in range(dx.size):
        ax, ay = abs(dx[x]), abs(dy[x])
        ratio = min(ax, ay) / (max(ax, ay) + _TINY)
        square = ratio * ratio
        turn = (((_P7 * square + _P5) * square + _P3) * square + _P1) * ratio
        turn = _QUARTER - turn if ay > ax else turn
        turn = _HALF - turn if dx[x] < _ZERO else turn
        turn = _FULL - turn if dy[x] < _ZERO else turn
        turn = turn - _FULL if turn >= _FULL else turn
        length = math.sqrt(dx[x] * dx[x] + dy[x] * dy[x])
        first = np.int32(turn)
        bins[x] = first
        high[x] = length * (turn - F(first))
        low[x] = length - high[x]


@row_part
def _part(u: Row, v: Row, low: Row, high: Row, still: Row) -> None:
    """Tell flow from no motion, of which only pixels are counted."""
    for x in range(u.size):
        moves = u[x] * u[x] + v[x] * v[x] > STILL * STILL
        still[x] = _ZERO if moves else _ONE
        low[x] = low[x] if moves else _ZERO
        high[x] = high[x] if moves else _ZERO


@row_part
def _differences(above: NDArray[Any], row: NDArray[Any], below: NDArray[Any], dx: Row, dy: Row) -> None:
    for x in range(row.size):
        dy[x] = F(below[x]) - F(above[x])
    for x in range(1, row.size - 1):
        dx[x] = F(row[x + 1]) - F(row[x - 1])
    # Mirrored at the border: no difference across it.
    dx[0] = dx[row.size - 1] = _ZERO


@part
def _count(bins: NDArray[np.int32], low: Row, high: Row, still: Row, square: int, squares: Row) -> None:
    """Add a row of pixels, (4, w) and (w,), to its squares, (squares, CHANNELS)."""
    for column in range(squares.shape[0]):
        counts = squares[column]
        for x in range(column * square, min((column + 1) * square, still.size)):
            for kind in range(4):
                b = bins[kind, x]
                counts[np.uintp(8 * kind + b)] += low[kind, x]
                counts[np.uintp(8 * kind + ((b + 1) & 7))] += high[kind, x]
            counts[CHANNELS - 1] += still[x]


@part
def _add(values: Row, total: Row) -> None:
    for i in range(total.size):
        total[i] += values[i]


@body
def _count_layer(
    grey: NDArray[np.uint8], u: Row, v: Row, square: int, cell: int, every: int, out: NDArray[np.uint16]
) -> None:
    """Count the orientations in the cells of one layer, (h, w), into `out`, (rows, columns, CHANNELS)."""
    height, width = grey.shape
    rows, columns, _ = out.shape
    span = cell // square
    bins, low, high = np.empty((4, width), np.int32), np.empty((4, width), F), np.empty((4, width), F)
    dx, dy, still = np.empty(width, F), np.empty(width, F), np.empty(width, F)
    flat = (columns - 1 + span) * CHANNELS
    bands, down = np.empty((span, flat), F), np.empty(flat, F)
    total = np.empty(CHANNELS, F)
    bits = total.view(np.uint32)
    whole_columns = width // square
    for row in range(rows - 1 + span):
        band = bands[row % span].reshape(columns - 1 + span, CHANNELS)
        band[:] = _ZERO
        for y in range(row * square, min((row + 1) * square, height), every):
            above, below = max(y - 1, 0), min(y + 1, height - 1)
            if y == 0 or y == height - 1:
                above = below  # mirrored, as across the sides
            _differences(grey[above], grey[y], grey[below], dx, dy)
            _share(dx, dy, bins[0], low[0], high[0])
            _differences(u[above], u[y], u[below], dx, dy)
            _share(dx, dy, bins[2], low[2], high[2])
            _differences(v[above], v[y], v[below], dx, dy)
            _share(dx, dy, bins[3], low[3], high[3])
            _share(u[y], v[y], bins[1], low[1], high[1])
            _part(u[y], v[y], low[1], high[1], still)
            _count(bins, low, high, still, square, band[: -(-width // square)])
        # A square that the frame's border cuts counts for a whole one, of which cells then take their share.
        counted = len(range(row * square, min((row + 1) * square, height), every))
        if counted:
            weight = F(square) / F(counted)
            for i in range(flat):
                bands[row % span, i] *= weight
        if width % square:
            weight = F(square) / F(width % square)
            for channel in range(CHANNELS):
                band[whole_columns, channel] *= weight
        if row < span - 1:
            continue
        down[:] = _ZERO
        for i in range(span):
            _add(bands[i], down)
        for column in range(columns):
            total[:] = _ZERO
            for start in range(column * CHANNELS, (column + span) * CHANNELS, CHANNELS):
                _add(down[start : start + CHANNELS], total)
            cells = out[row - span + 1, column]
            for channel in range(CHANNELS):
                cells[channel] = (bits[channel] + _HALF_BIT) >> _BITS


@kernel
def _count_layers(
    grey: NDArray[np.uint8],
    u: Row,
    v: Row,
    shapes: NDArray[np.int64],
    square: int,
    cell: int,
    every: int,
    cells: NDArray[np.int64],
    out: NDArray[np.uint16],
) -> None:
    pixel = first = 0
    for layer in range(len(shapes)):
        height, width = shapes[layer]
        rows, columns = cells[layer]
        pixels, counts = height * width, rows * columns * CHANNELS
        _count_layer(
            grey[pixel : pixel + pixels].reshape(height, width),
            u[pixel : pixel + pixels].reshape(height, width),
            v[pixel : pixel + pixels].reshape(height, width),
            square,
            cell,
            every,
            out[first : first + counts].reshape(rows, columns, CHANNELS),
        )
        pixel += pixels
        first += counts
