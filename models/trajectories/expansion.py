"""Polynomial expansion of a frame: a quadratic polynomial for each neighbourhood (Farnebäck, SCIA 2003, section 2)."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from models.trajectories.compilation import body, kernel, part, row_part
from models.trajectories.pyramid import offsets

F = np.float32
Plane = NDArray[np.float32]

RADIUS, SIGMA = 7, 1.5
"""Radius of the neighbourhood and standard deviation of its Gaussian weight, in pixels of a layer."""

STRIP = 16
"""Number of rows resized at a time."""


def expand(grey: NDArray[np.uint8], shapes: Sequence[tuple[int, int]], step: float) -> list[Plane]:
    """Approximate each neighbourhood of a frame by a polynomial, on every layer.

    Parameters
    ----------
    grey : uint8 (h, w)
    shapes : sequence of (height, width)
        Sizes of the layers in pixels, that of the frame first.
    step : float
        Scale factor between layers.

    Returns
    -------
    list of float32 (5, height, width)
        For each layer, the coefficients of x, y, x^2, y^2 and xy around each pixel.
    """
    # A single block: the system would reclaim many small ones after each frame and clear their pages for the next.
    starts = offsets(np.array([5 * height * width for height, width in shapes])).tolist()
    block = np.empty(starts[-1], F)
    expansions = [block[a:b].reshape(5, *shape) for (a, b), shape in zip(pairwise(starts), shapes, strict=True)]
    image = grey.astype(F)
    for layer, (height, width) in enumerate(shapes):
        rows, columns = (_taps(*sides, step**layer) for sides in zip(grey.shape, (height, width), strict=True))
        _expand_layer(image, *rows, *columns, expansions[layer])
    return expansions


@lru_cache(maxsize=64)
def _taps(length: int, resized: int, scale: float) -> tuple[NDArray[np.int64], Plane]:
    """Return indices and weights, (resized, taps), of a Gaussian blur and bilinear resizing along one axis."""
    sigma = (scale - 1) / 2
    radius = max(round(5 * sigma) | 1, 3) // 2
    blur = cv2.getGaussianKernel(2 * radius + 1, sigma)[:, 0]  # for sigma 0, OpenCV chooses one from the size
    centre = np.clip((np.arange(resized) + 0.5) * length / resized - 0.5, 0, length - 1)
    left = np.floor(centre).astype(np.int64)
    right_share = (centre - left)[:, None]
    weights = (1 - right_share) * np.append(blur, 0) + right_share * np.append(0, blur)
    # Reflect at the border without repeating the outermost pixel.
    indices = np.abs(left[:, None] + np.arange(-radius, radius + 2))
    period = max(2 * (length - 1), 1)
    indices %= period
    return np.where(indices < length, indices, period - indices), weights.astype(F)


def _polynomial_kernels() -> tuple[Plane, Plane, Plane]:
    """Return half-kernels, centre first, for the least-squares fit of a polynomial with a Gaussian weight g.

    The fit is separable: the coefficient of y is a correlation with g along x and `slope` along y, that of x^2 one with
    `curve` along x and g along y, and so on.
    """
    x = np.arange(-RADIUS, RADIUS + 1)
    g = np.exp(-(x**2) / (2 * SIGMA**2))
    g /= g.sum()
    second, fourth = (g * x**2).sum(), (g * x**4).sum()
    # The normal equations of 1, x^2 and y^2 are coupled; those of x, y and xy are independent.
    solved = np.linalg.inv([[1, second, second], [second, fourth, second**2], [second, second**2, fourth]])
    kernels = g, x * g / second, solved[0, 1] * g + solved[1, 1] * x**2 * g
    smooth, slope, curve = (kernel[RADIUS:].astype(F) for kernel in kernels)
    return smooth, slope, curve


SMOOTH, SLOPE, CURVE = _polynomial_kernels()


@row_part
def _add(row: Plane, weight: F, total: Plane) -> None:
    for x in range(total.size):
        total[x] += weight * row[x]


@row_part
def _transpose(rows: Plane, columns: Plane) -> None:
    for x in range(rows.shape[1]):
        for y in range(STRIP):
            columns[x, y] = rows[y, x]


@part
def _resample(image: Plane, indices: NDArray[np.int64], weights: Plane, out: Plane) -> None:
    """Write weighted sums of the rows of an image, (rows, columns), transposed, (columns, resized)."""
    resized, taps = weights.shape
    # A few rows at a time, so that they are still in the L1 cache when they are transposed.
    strip = np.empty((STRIP, image.shape[1]), F)
    for first in range(0, resized, STRIP):
        rows = min(STRIP, resized - first)
        for row in range(rows):
            for x in range(image.shape[1]):
                strip[row, x] = F(0)
            for tap in range(taps):
                if weights[first + row, tap] != 0:
                    _add(image[indices[first + row, tap]], weights[first + row, tap], strip[row])
        if rows == STRIP:
            _transpose(strip, out[:, first : first + STRIP])
        else:
            for x in range(image.shape[1]):
                for row in range(rows):
                    out[x, first + row] = strip[row, x]


@row_part
def _expand_down(rows: Plane, smooth: Plane, slope: Plane, curve: Plane) -> None:
    for x in range(rows.shape[1]):
        centre = rows[RADIUS, x]
        a, b, c = SMOOTH[0] * centre, F(0), CURVE[0] * centre
        for k in range(1, RADIUS + 1):
            above, below = rows[RADIUS - k, x], rows[RADIUS + k, x]
            a += SMOOTH[k] * (below + above)
            b += SLOPE[k] * (below - above)
            c += CURVE[k] * (below + above)
        smooth[x], slope[x], curve[x] = a, b, c


@row_part
def _expand_across(
    smooth: Plane, slope: Plane, curve: Plane, x_: Plane, y_: Plane, xx: Plane, yy: Plane, xy: Plane
) -> None:
    n = RADIUS
    for x in range(x_.size):
        a, b, c = F(0), SMOOTH[0] * slope[x + n], CURVE[0] * smooth[x + n]
        d, e = SMOOTH[0] * curve[x + n], F(0)
        for k in range(1, n + 1):
            a += SLOPE[k] * (smooth[x + n + k] - smooth[x + n - k])
            b += SMOOTH[k] * (slope[x + n + k] + slope[x + n - k])
            c += CURVE[k] * (smooth[x + n + k] + smooth[x + n - k])
            d += SMOOTH[k] * (curve[x + n + k] + curve[x + n - k])
            e += SLOPE[k] * (slope[x + n + k] - slope[x + n - k])
        x_[x], y_[x], xx[x], yy[x], xy[x] = a, b, c, d, e


@body
def _expand(image: Plane, out: Plane) -> None:
    """Write the expansion, (5, h, w), of an image padded with `RADIUS` rows at the top and bottom."""
    n = RADIUS
    _, height, width = out.shape
    down = np.empty((3, width + 2 * n), F)
    for y in range(height):
        _expand_down(image[y : y + 2 * n + 1], down[0, n:], down[1, n:], down[2, n:])
        for row in range(3):
            for x in range(n):
                down[row, x], down[row, width + n + x] = down[row, n], down[row, width + n - 1]
        _expand_across(down[0], down[1], down[2], out[0, y], out[1, y], out[2, y], out[3, y], out[4, y])


# One call per layer: at the end of each call a thread has to wait for the GIL.
@kernel
def _expand_layer(
    grey: Plane,
    rows: NDArray[np.int64],
    row_weights: Plane,
    columns: NDArray[np.int64],
    column_weights: Plane,
    out: Plane,
) -> None:
    """Resize a frame to (h, w) and write its expansion, (5, h, w)."""
    _, height, width = out.shape
    turned = np.empty((grey.shape[1], height), F)
    _resample(grey, rows, row_weights, turned)
    small = np.empty((height + 2 * RADIUS, width), F)
    _resample(turned, columns, column_weights, small[RADIUS : RADIUS + height])
    for y in range(RADIUS):
        for x in range(width):
            small[y, x] = small[RADIUS, x]
            small[RADIUS + height + y, x] = small[RADIUS + height - 1, x]
    _expand(small, out)
