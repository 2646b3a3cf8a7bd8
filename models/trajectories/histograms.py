"""Cell histograms of a frame: orientations of gradients, flow and motion boundaries, for every position of a cell.

Within a square cell, the orientations of image gradients (HOG), of flow (HOF) and of the gradients of both flow
components (MBH) are counted, weighted by magnitude (Wang et al., IJCV 2013, section 3). Pixels are counted in small
squares, squares are summed to cells, and the cells that start at the corner of a square are stored as bfloat16 (the
upper half of a float32). A cell at any other position is interpolated from four of them, which are close in memory.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.trajectories.compilation import body, kernel, part, row_part
from models.trajectories.descriptor_layout import ORIENTATIONS
from models.trajectories.pyramid import Pyramid, offsets

F = np.float32
Row = NDArray[np.float32]

CHANNELS = 33
"""8 bins each for HOG, HOF, MBHx and MBHy, and one for pixels without motion, which belongs to HOF."""

STILL = F(0.4)
"""Flow up to this length counts as no motion, in pixels of a layer."""

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
    """Layout of the cells of each layer in the flat buffer of a frame.

    Attributes
    ----------
    square, cell : int
        Side lengths in pixels of a layer; `cell` is a multiple of `square`.
    columns : int64 (layers,)
        Cells in a row of each layer; the last one is needed only for interpolation.
    starts : int64 (layers,)
        First element of each layer's array (rows, columns, CHANNELS).
    size : int
        Elements of a buffer.
    """

    def __init__(self, pyramid: Pyramid, square: int, cell: int) -> None:
        self.square, self.cell = square, cell
        self._pyramid = pyramid
        # A patch is two cells wide, even on a layer narrower than that.
        self._shapes = np.maximum(pyramid.shapes - cell, cell) // square + 2
        self.columns = np.ascontiguousarray(self._shapes[:, 1])
        ends = offsets(self._shapes.prod(axis=1) * CHANNELS)
        self.starts, self.size = ends[:-1], int(ends[-1])

    def count(self, grey: NDArray[Any], u: Row, v: Row, every: int, out: NDArray[np.uint16]) -> None:
        """Compute the histograms of every cell of every layer.

        Parameters
        ----------
        grey : uint8 (pixels,)
            All layers of the pyramid, concatenated.
        u, v : float32 (pixels,)
            Stabilised flow in pixels of each layer.
        every : int
            Count only every n-th row of pixels, and of these every n-th pixel.
        out : uint16 (size,)
            Receives the histograms, as bfloat16, of the cells that start `square` pixels apart.
        """
        _count_layers(grey, u, v, self._pyramid.shapes, self.square, self.cell, every, self._shapes, out)


@row_part
def _share(dx: Row, dy: Row, bins: NDArray[np.int32], low: Row, high: Row) -> None:
    """Split the length of each vector between the two nearest orientation bins."""
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
    """Separate pixels without motion, which are counted by number, from flow."""
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
    # Reflected at the border, so the difference there is zero.
    dx[0] = dx[row.size - 1] = _ZERO


@part
def _count(bins: NDArray[np.int32], low: Row, high: Row, still: Row, square: int, every: int, squares: Row) -> None:
    """Add every n-th pixel of a row, (4, w) and (w,), to the squares that it crosses, (squares, CHANNELS)."""
    for column in range(squares.shape[0]):
        counts = squares[column]
        for x in range(column * square, min((column + 1) * square, still.size), every):
            for kind in range(4):
                b = bins[kind, x]
                counts[np.uintp(8 * kind + b)] += low[kind, x]
                counts[np.uintp(8 * kind + ((b + 1) & 7))] += high[kind, x]
            counts[CHANNELS - 1] += still[x]


@row_part
def _add(values: Row, total: Row) -> None:
    for i in range(total.size):
        total[i] += values[i]


@row_part
def _scale(values: Row, weight: F) -> None:
    for i in range(values.size):
        values[i] *= weight


@row_part
def _shorten(bits: NDArray[np.uint32], out: NDArray[np.uint16]) -> None:
    """Round float32 to bfloat16, bit by bit."""
    for i in range(out.size):
        out[i] = (bits[i] + _HALF_BIT) >> _BITS


@body
def _count_layer(
    grey: NDArray[np.uint8], u: Row, v: Row, square: int, cell: int, every: int, out: NDArray[np.uint16]
) -> None:
    """Compute the cell histograms of a layer, (h, w), into `out`, (rows, columns, CHANNELS)."""
    height, width = grey.shape
    rows, columns, _ = out.shape
    span = cell // square
    bins, low, high = np.empty((4, width), np.int32), np.empty((4, width), F), np.empty((4, width), F)
    dx, dy, still = np.empty(width, F), np.empty(width, F), np.empty(width, F)
    flat = (columns - 1 + span) * CHANNELS
    bands, down = np.empty((span, flat), F), np.empty(flat, F)
    across = np.empty(columns * CHANNELS, F)
    bits = across.view(np.uint32)
    whole_columns = width // square
    for row in range(rows - 1 + span):
        band = bands[row % span].reshape(columns - 1 + span, CHANNELS)
        band[:] = _ZERO
        for y in range(row * square, min((row + 1) * square, height), every):
            above, below = max(y - 1, 0), min(y + 1, height - 1)
            if y == 0 or y == height - 1:
                above = below  # reflected, as at the sides
            _differences(grey[above], grey[y], grey[below], dx, dy)
            _share(dx, dy, bins[0], low[0], high[0])
            _differences(u[above], u[y], u[below], dx, dy)
            _share(dx, dy, bins[2], low[2], high[2])
            _differences(v[above], v[y], v[below], dx, dy)
            _share(dx, dy, bins[3], low[3], high[3])
            _share(u[y], v[y], bins[1], low[1], high[1])
            _part(u[y], v[y], low[1], high[1], still)
            _count(bins, low, high, still, square, every, band[: -(-width // square)])
        # What is left out is made up for, also in a square cut off by the border.
        counted = len(range(row * square, min((row + 1) * square, height), every))
        if counted:
            _scale(bands[row % span], F(square) / F(counted) * F(square) / F(len(range(0, square, every))))
        if width % square:
            weight = F(len(range(0, square, every))) / F(len(range(0, width % square, every)))
            for channel in range(CHANNELS):
                band[whole_columns, channel] *= weight
        if row < span - 1:
            continue
        down[:] = _ZERO
        for i in range(span):
            _add(bands[i], down)
        # Flat, so that the loops are long: channels lie next to each other, then columns.
        across[:] = _ZERO
        for i in range(span):
            _add(down[i * CHANNELS : i * CHANNELS + across.size], across)
        _shorten(bits, out[row - span + 1].reshape(-1))


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
