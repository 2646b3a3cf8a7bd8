"""What is seen along a trajectory: histograms of gradients (HOG), of flow (HOF) and of motion boundaries (MBH).

Around every point of a trajectory lies a patch of two by two cells; in each cell the orientations of the grey
gradients, of the flow and of the gradients of both flow components are counted (Wang et al., IJCV 2013, section 3;
Wang & Schmid, ICCV 2013, section 3). The counts of a whole frame are kept as integral histograms over small squares
of pixels, so a cell of any position costs four look-ups, and only trajectories that turn out to be valid pay them.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.trajectories.pyramid import Pyramid, offsets

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
ORIENTATIONS = 8
CHANNELS = 33
"""HOG 8, HOF 8 and one for no motion, MBHx 8, MBHy 8."""

STILL = F(0.4)
"""Flow of at most this many pixels of its layer counts as no motion."""

EPSILON = F(0.05)
"""Added to every bin before the norm."""

_ZERO, _ONE = F(0), F(1)
_TINY = F(1e-20)
# Coefficients of OpenCV's fastAtan2 (0.3 degrees), in eighths of a turn.
_P1, _P3, _P5, _P7 = (
    F(c * ORIENTATIONS / (2 * math.pi))
    for c in (0.9997878412794807, -0.3258083974640975, 0.1555786518463281, -0.04432655554792128)
)
_QUARTER, _HALF, _FULL = F(2), F(4), F(8)


class HistogramLayout:
    """Where the integral histograms of each layer lie in the flat buffer of one frame.

    Attributes
    ----------
    grids : int64 (layers, 2)
        Rows and columns of squares in each layer.
    starts : int64 (layers,)
        First element of each layer's array (rows + 1, columns + 1, CHANNELS).
    size : int
        Elements of a buffer.
    """

    def __init__(self, pyramid: Pyramid, square: int) -> None:
        self.square = square
        self.grids = -(-pyramid.shapes // square)
        ends = offsets((self.grids + 1).prod(axis=1) * CHANNELS)
        self.starts, self.size = ends[:-1], int(ends[-1])

    def layer(self, buffer: NDArray[np.float32], layer: int) -> NDArray[np.float32]:
        """Return the view of one layer in a buffer, (rows + 1, columns + 1, CHANNELS)."""
        rows, columns = (self.grids[layer] + 1).tolist()
        start = self.starts[layer]
        return buffer[start : start + rows * columns * CHANNELS].reshape(rows, columns, CHANNELS)


@njit(nogil=True, cache=True, fastmath=True, error_model="numpy", inline="always")
def _orientation(dx: np.float32, dy: np.float32) -> tuple[float, np.float32]:
    """Length of a vector, and its direction in eighths of a turn, 0 <= direction < 8."""
    ax, ay = abs(dx), abs(dy)
    ratio = min(ax, ay) / (max(ax, ay) + _TINY)
    square = ratio * ratio
    angle = (((_P7 * square + _P5) * square + _P3) * square + _P1) * ratio
    angle = _QUARTER - angle if ay > ax else angle
    angle = _HALF - angle if dx < _ZERO else angle
    angle = _FULL - angle if dy < _ZERO else angle
    angle = angle - _FULL if angle >= _FULL else angle
    return math.sqrt(dx * dx + dy * dy), angle


@njit(nogil=True, cache=True, fastmath=True, error_model="numpy")
def _split(
    dx: NDArray[np.float32],
    dy: NDArray[np.float32],
    bins: NDArray[np.int32],
    low: NDArray[np.float32],
    high: NDArray[np.float32],
) -> None:
    """Share each vector's length between the two orientations nearest to it."""
    for x in range(len(dx)):
        length, angle = _orientation(dx[x], dy[x])
        first = np.int32(angle)
        share = length * (angle - F(first))
        bins[x] = first
        low[x] = length - share
        high[x] = share


@njit(nogil=True, cache=True, fastmath=True, error_model="numpy")
def _gradients(
    image: NDArray[np.float32] | NDArray[np.uint8], y: int, dx: NDArray[np.float32], dy: NDArray[np.float32]
) -> None:
    """Central differences of one row of (h, w), the border reflected (so zero across it)."""
    height, width = image.shape
    dx[0] = dx[width - 1] = 0
    row = image[y]
    for x in range(1, width - 1):
        dx[x] = F(row[x + 1]) - F(row[x - 1])
    if 0 < y < height - 1:
        above, below = image[y - 1], image[y + 1]
        for x in range(width):
            dy[x] = F(below[x]) - F(above[x])
    else:
        dy[:] = 0


@njit(nogil=True, cache=True, fastmath=True, error_model="numpy")
def integral_histograms(
    grey: NDArray[np.uint8],
    u: NDArray[np.float32],
    v: NDArray[np.float32],
    square: int,
    out: NDArray[np.float32],
) -> None:
    """Count the orientations of one layer, summed over all that lies above and to the left.

    Parameters
    ----------
    grey, u, v : (h, w)
        Grey values, and the stabilised flow in pixels of this layer.
    square : int
        Side of the squares of pixels that are counted together.
    out : (rows + 1, columns + 1, CHANNELS)
        Receives the integral histograms.
    """
    height, width = grey.shape
    rows, columns = out.shape[0] - 1, out.shape[1] - 1
    dx, dy = np.empty(width, np.float32), np.empty(width, np.float32)
    bins = np.empty((4, width), np.int32)
    low, high = np.empty((4, width), np.float32), np.empty((4, width), np.float32)
    total = np.empty(CHANNELS, np.float32)
    out[0] = 0
    for row in range(rows):
        band = out[row + 1]
        band[:] = 0
        for y in range(row * square, min((row + 1) * square, height)):
            _gradients(grey, y, dx, dy)
            _split(dx, dy, bins[0], low[0], high[0])
            _split(u[y], v[y], bins[1], low[1], high[1])
            _gradients(u, y, dx, dy)
            _split(dx, dy, bins[2], low[2], high[2])
            _gradients(v, y, dx, dy)
            _split(dx, dy, bins[3], low[3], high[3])
            for column in range(columns):
                cell = band[column + 1]
                for x in range(column * square, min((column + 1) * square, width)):
                    b = bins[0, x]
                    cell[b] += low[0, x]
                    cell[(b + 1) & 7] += high[0, x]
                    if u[y, x] * u[y, x] + v[y, x] * v[y, x] <= STILL * STILL:
                        cell[16] += _ONE
                    else:
                        b = bins[1, x]
                        cell[8 + b] += low[1, x]
                        cell[8 + ((b + 1) & 7)] += high[1, x]
                    b = bins[2, x]
                    cell[17 + b] += low[2, x]
                    cell[17 + ((b + 1) & 7)] += high[2, x]
                    b = bins[3, x]
                    cell[25 + b] += low[3, x]
                    cell[25 + ((b + 1) & 7)] += high[3, x]
        above = out[row]
        total[:] = 0
        for column in range(1, columns + 1):
            for channel in range(CHANNELS):
                total[channel] += band[column, channel]
                band[column, channel] = above[column, channel] + total[channel]


@njit(nogil=True, cache=True, fastmath=True, error_model="numpy", inline="always")
def _position(pixel: int, square: int, count: int, size: int) -> tuple[int, int, np.float32]:
    """Grid lines on both sides of a pixel border, and how far it is from the first to the second."""
    first = min(pixel // square, count)
    second = min(first + 1, count)
    span = min(second * square, size) - first * square
    return first, second, F(pixel - first * square) / F(span) if span > 0 else _ZERO


@njit(nogil=True, cache=True, fastmath=True, error_model="numpy", inline="always")
def _add_normalised(
    cells: NDArray[np.float32], first: int, count: int, share: np.float32, row: NDArray[np.float32], start: int
) -> None:
    """Add the root of the L1-normalised histograms of one block and frame to its time cell."""
    total = _ZERO
    for cell in range(4):
        for b in range(first, first + count):
            total += cells[cell, b]
    scale = share * share / total
    for cell in range(4):
        for b in range(count):
            row[start + cell * count + b] += math.sqrt(cells[cell, first + b] * scale)


@njit(nogil=True, cache=True, fastmath=True, error_model="numpy")
def describe(
    points: NDArray[np.float32],
    motions: NDArray[np.float32],
    layers: NDArray[np.int16],
    finished: NDArray[np.int32],
    first_frame: int,
    ring: NDArray[np.float32],
    starts: NDArray[np.int64],
    grids: NDArray[np.int64],
    shapes: NDArray[np.int64],
    square: int,
    patch: int,
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
        Integral histograms of the last frames; frame t is in row t modulo the number of rows.
    out : (n, 426)
        Receives the descriptors, laid out as in `BLOCKS`.
    """
    length = motions.shape[1]
    half = patch // 2
    corners = np.empty((3, 3, CHANNELS), np.float32)
    cells = np.empty((4, CHANNELS), np.float32)
    share = _ONE / F(length // TIME_CELLS)
    for n in range(len(finished)):
        slot = finished[n]
        layer = layers[slot]
        height, width = shapes[layer]
        rows, columns = grids[layer]
        pitch = (columns + 1) * CHANNELS
        row_out = out[n]
        row_out[:] = 0
        total = _ZERO
        for t in range(length):
            total += math.sqrt(motions[slot, t, 0] ** 2 + motions[slot, t, 1] ** 2)
        for t in range(length):
            row_out[2 * t] = motions[slot, t, 0] / total
            row_out[2 * t + 1] = motions[slot, t, 1] / total
            left = max(min(math.floor(points[slot, t, 0] + F(0.5)) - half, width - patch), 0)
            top = max(min(math.floor(points[slot, t, 1] + F(0.5)) - half, height - patch), 0)
            histograms = ring[(first_frame + t) % len(ring)]
            for j in range(3):
                y0, y1, fy = _position(min(top + j * half, height), square, rows, height)
                above, below = starts[layer] + y0 * pitch, starts[layer] + y1 * pitch
                for i in range(3):
                    x0, x1, fx = _position(min(left + i * half, width), square, columns, width)
                    w11 = fx * fy
                    w01, w10, w00 = fx - w11, fy - w11, _ONE - fx - fy + w11
                    # Unsigned, or every access would be checked for counting from the end.
                    p00, p01 = np.uintp(above + x0 * CHANNELS), np.uintp(above + x1 * CHANNELS)
                    p10, p11 = np.uintp(below + x0 * CHANNELS), np.uintp(below + x1 * CHANNELS)
                    for c in range(CHANNELS):
                        channel = np.uintp(c)
                        corners[i, j, c] = (
                            w00 * histograms[p00 + channel]
                            + w01 * histograms[p01 + channel]
                            + w10 * histograms[p10 + channel]
                            + w11 * histograms[p11 + channel]
                        )
            for i in range(2):
                for j in range(2):
                    for c in range(CHANNELS):
                        right_side = corners[i + 1, j + 1, c] - corners[i + 1, j, c]
                        left_side = corners[i, j + 1, c] - corners[i, j, c]
                        cells[2 * i + j, c] = max(right_side - left_side, _ZERO) + EPSILON
            time = t * TIME_CELLS // length
            _add_normalised(cells, 0, 8, share, row_out, 30 + 32 * time)
            _add_normalised(cells, 8, 9, share, row_out, 126 + 36 * time)
            _add_normalised(cells, 17, 8, share, row_out, 234 + 32 * time)
            _add_normalised(cells, 25, 8, share, row_out, 330 + 32 * time)
