"""Dense optical flow by polynomial expansion (Farnebäck, SCIA 2003), adapted to improved dense trajectories.

The flow is the displacement that maps the polynomials of one frame to those of the next, computed from coarse to fine
over the layers of a pyramid. The field of each layer is median-filtered before it initialises the next finer one (Wang
& Schmid, ICCV 2013), which OpenCV's implementation cannot do; formulas and constants are otherwise OpenCV's. The
expansion of a frame is computed once and used for the flow to it and from it.
"""

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from models.trajectories.compilation import exact_part, kernel, part, row_part

F = np.float32
Plane = NDArray[np.float32]

WINDOW, SIGMA = 5, 1.5
"""Radius and standard deviation of the averaging window of the flow equations, in pixels of a layer."""

REGULARISATION = 1e-3
ATTENUATION = np.array([0.14, 0.14, 0.4472, 0.4472, 0.4472], F)
"""Weight of the outermost pixels of a layer, whose polynomials are affected by the border."""

STRIP = 16
"""Number of rows solved for at a time: few enough for their data to stay in the cache."""


def flow(
    before: Sequence[Plane],
    after: Sequence[Plane],
    step: float,
    *,
    iterations: Sequence[int] = (2,),
    median: int = 5,
    bilinear: bool = True,
    exact: int = 0,
    out: Sequence[Plane] | None = None,
) -> list[Plane]:
    """Find the displacement of each pixel between two frames, on every layer.

    Parameters
    ----------
    before, after : sequence of float32 (5, height, width)
        Expansions of the two frames, from `expansion.expand`.
    step : float
        Scale factor between layers.
    iterations : sequence of int
        For each layer, finest first; the last number applies to all others.
    median : int
        Side of the median filter, in pixels of a layer: 3 or 5; 1 for none.
    bilinear : bool
        Interpolate the polynomials of the second frame, as OpenCV does; otherwise use that of the nearest pixel, as in
        the paper, and measure the displacement from that pixel.
    exact : int
        On so many of the finest layers the last division is exact; on the others its quotient is estimated.
    out : sequence of float32 (2, height, width), optional
        C-contiguous arrays for the result, for all layers or only the finest ones.

    Returns
    -------
    list of float32 (2, height, width)
        For each layer, the displacements in x and y, in pixels of that layer.
    """
    fields = list(out or ())
    fields += [np.empty((2, *layer.shape[1:]), F) for layer in before[len(fields) :]]
    for layer in reversed(range(len(fields))):
        field = fields[layer]
        _, height, width = field.shape
        if layer + 1 < len(fields):
            for coarse, fine in zip(fields[layer + 1], field, strict=True):
                cv2.resize(coarse, (width, height), dst=fine, interpolation=cv2.INTER_LINEAR)
            field *= F(step)
        else:
            field[:] = 0
        for _ in range(iterations[min(layer, len(iterations) - 1)]):
            # The field's planes are contiguous even where it is not: one compiled kernel serves both.
            _improve(
                before[layer], after[layer].reshape(5, -1), _attenuation(width), _attenuation(height),
                bilinear, layer < exact, *field,
            )  # fmt: skip
        for component in field:
            cv2.medianBlur(component, median, dst=component)
    return fields


@lru_cache(maxsize=64)
def _attenuation(length: int) -> Plane:
    trust = np.ones(length, F)
    border = ATTENUATION[:length]
    trust[: len(border)] *= border
    trust[length - len(border) :] *= border[::-1]
    return trust


def _window_kernel() -> Plane:
    g = np.exp(-(np.arange(WINDOW + 1) ** 2) / (2 * SIGMA**2))
    return np.asarray(g / (g[0] + 2 * g[1:].sum()), F)


KERNEL = _window_kernel()


@row_part
def _locate(u: Plane, v: Plane, y: int, height: int, corners: NDArray[np.int32], weights: Plane, share: Plane) -> None:
    """Find the four pixels around the destination of each pixel of row y: the upper left one, and their weights.

    For pixels that leave the frame, the weights are zero and `share` is one instead of a half, so that only the
    polynomial of the first frame counts.
    """
    width = u.size
    w00, w01, w10, w11 = weights[0], weights[1], weights[2], weights[3]
    right, bottom = F(width - 1), F(height - 1)
    for x in range(width):
        fx, fy = F(np.int32(x)) + u[x], F(y) + v[x]
        inside = (fx >= 0) & (fx < right) & (fy >= 0) & (fy < bottom)
        fx = fx if inside else F(0)
        fy = fy if inside else F(0)
        one = F(1) if inside else F(0)
        left, top = np.int32(fx), np.int32(fy)
        corners[x] = top * np.int32(width) + left
        fx -= F(left)
        fy -= F(top)
        w11[x] = fx * fy
        w01[x] = fx - fx * fy
        w10[x] = fy - fx * fy
        w00[x] = one - fx - fy + fx * fy
        share[x] = F(0.5) if inside else F(1)


# Not a row kernel: the compiler would use gather instructions, which are several times slower than plain loads.
@part
def _sample(planes: Plane, width: int, corners: NDArray[np.int32], weights: Plane, out: Plane) -> None:
    """Bilinearly interpolate the flat planes, (5, h * w), of an expansion at the positions of a row."""
    p0, p1, p2, p3, p4 = planes[0], planes[1], planes[2], planes[3], planes[4]
    w00, w01, w10, w11 = weights[0], weights[1], weights[2], weights[3]
    for x in range(corners.size):
        i = np.uint64(corners[x])  # unsigned, so no check for negative indices
        j, k, m = i + np.uint64(1), i + np.uint64(width), i + np.uint64(width + 1)
        a, b, c, d = w00[x], w01[x], w10[x], w11[x]
        s0 = a * p0[i] + b * p0[j] + c * p0[k] + d * p0[m]
        s1 = a * p1[i] + b * p1[j] + c * p1[k] + d * p1[m]
        s2 = a * p2[i] + b * p2[j] + c * p2[k] + d * p2[m]
        s3 = a * p3[i] + b * p3[j] + c * p3[k] + d * p3[m]
        s4 = a * p4[i] + b * p4[j] + c * p4[k] + d * p4[m]
        out[0, x], out[1, x], out[2, x], out[3, x], out[4, x] = s0, s1, s2, s3, s4


@row_part
def _round(
    u: Plane, v: Plane, y: int, height: int, pixels: NDArray[np.int32], du: Plane, dv: Plane, share: Plane
) -> None:
    """Find the pixel nearest to the destination of each pixel of row y, and its displacement; see `_locate`."""
    width = u.size
    right, bottom = F(width - 1), F(height - 1)
    for x in range(width):
        column, row = np.int32(x), np.int32(y)
        fx, fy = F(column) + u[x], F(row) + v[x]
        inside = (fx >= 0) & (fx < right) & (fy >= 0) & (fy < bottom)
        near_x, near_y = np.int32(fx + F(0.5) if inside else F(0)), np.int32(fy + F(0.5) if inside else F(0))
        pixels[x] = near_y * np.int32(width) + near_x
        du[x] = F(near_x - column) if inside else u[x]
        dv[x] = F(near_y - row) if inside else v[x]
        share[x] = F(0.5) if inside else F(1)


@part
def _pick(planes: Plane, pixels: NDArray[np.int32], share: Plane, out: Plane) -> None:
    """Look up the polynomials of the pixels, zero for those that leave the frame; see `_sample`."""
    p0, p1, p2, p3, p4 = planes[0], planes[1], planes[2], planes[3], planes[4]
    for x in range(pixels.size):
        i = np.uint64(pixels[x])
        one = F(2) - F(2) * share[x]
        s0, s1, s2, s3, s4 = one * p0[i], one * p1[i], one * p2[i], one * p3[i], one * p4[i]
        out[0, x], out[1, x], out[2, x], out[3, x], out[4, x] = s0, s1, s2, s3, s4


@row_part
def _equations(before: Plane, y: int, after: Plane, u: Plane, v: Plane, share: Plane, trust: Plane, out: Plane) -> None:
    """Set up each pixel's normal equations G d = h for its displacement d: rows of G11, G12, G22, h1, h2."""
    for x in range(u.size):
        xx = share[x] * (before[2, y, x] + after[2, x])
        yy = share[x] * (before[3, y, x] + after[3, x])
        xy = share[x] * F(0.5) * (before[4, y, x] + after[4, x])
        bx = F(0.5) * (before[0, y, x] - after[0, x]) + xx * u[x] + xy * v[x]
        by = F(0.5) * (before[1, y, x] - after[1, x]) + xy * u[x] + yy * v[x]
        square = trust[x] * trust[x]
        out[0, x] = square * (xx * xx + xy * xy)
        out[1, x] = square * (xx + yy) * xy
        out[2, x] = square * (yy * yy + xy * xy)
        out[3, x] = square * (xx * bx + xy * by)
        out[4, x] = square * (xy * bx + yy * by)


@row_part
def _copy(source: Plane, out: Plane) -> None:
    for i in range(out.shape[0]):
        for x in range(out.shape[1]):
            out[i, x] = source[i, x]


@row_part
def _average_down(rows: Plane, i: int, out: Plane) -> None:
    for x in range(out.size):
        total = KERNEL[0] * rows[WINDOW, i, x]
        for k in range(1, WINDOW + 1):
            total += KERNEL[k] * (rows[WINDOW - k, i, x] + rows[WINDOW + k, i, x])
        out[x] = total


@row_part
def _average_across(row: Plane, out: Plane) -> None:
    for x in range(out.size):
        total = KERNEL[0] * row[x + WINDOW]
        for k in range(1, WINDOW + 1):
            total += KERNEL[k] * (row[x + WINDOW - k] + row[x + WINDOW + k])
        out[x] = total


@exact_part
def _reciprocal(x: np.float32) -> np.float32:
    """Return 1 / x to the last bit; fast arithmetic on vectors only estimates it, and not alike on every processor."""
    return F(1) / x


@row_part
def _solve(equations: Plane, exact: bool, u: Plane, v: Plane) -> None:
    for x in range(u.size):
        # In double precision: at edges without corners the products nearly cancel.
        g11, g12, g22 = np.float64(equations[0, x]), np.float64(equations[1, x]), np.float64(equations[2, x])
        h1, h2 = np.float64(equations[3, x]), np.float64(equations[4, x])
        determinant = F(g11 * g22 - g12 * g12 + REGULARISATION)
        scale = _reciprocal(determinant) if exact else F(1) / determinant
        u[x] = F(g22 * h1 - g12 * h2) * scale
        v[x] = F(g11 * h2 - g12 * h1) * scale


@kernel
def _improve(
    before: Plane,
    after: Plane,
    trust_x: Plane,
    trust_y: Plane,
    bilinear: bool,
    exact: bool,
    flow_x: Plane,
    flow_y: Plane,
) -> None:
    """Solve once for the flow (h, w) between two expansions, (5, h, w) and (5, h * w), starting from what it is."""
    _, height, width = before.shape
    trust = np.empty(width, F)
    pixels, weights, share = np.empty(width, np.int32), np.empty((4, width), F), np.empty(width, F)
    rounded = np.empty((2, width), F)
    sampled, down = np.empty((5, width), F), np.empty(width + 2 * WINDOW, F)
    # A few rows at a time, so that the rows of a plane stay in the L1 cache while they are averaged.
    equations, averages = np.empty((STRIP + 2 * WINDOW, 5, width), F), np.empty((STRIP, 5, width), F)
    for first in range(0, height, STRIP):
        rows = min(STRIP, height - first)
        for i in range(2 * WINDOW):
            _copy(equations[STRIP + i], equations[i])
        for i in range(2 * WINDOW if first else WINDOW, rows + 2 * WINDOW):
            y = first - WINDOW + i
            if y < height:
                u, v = flow_x[y], flow_y[y]
                if bilinear:
                    _locate(u, v, y, height, pixels, weights, share)
                    _sample(after, width, pixels, weights, sampled)
                else:
                    _round(u, v, y, height, pixels, rounded[0], rounded[1], share)
                    _pick(after, pixels, share, sampled)
                    u, v = rounded[0], rounded[1]
                for x in range(width):
                    trust[x] = trust_x[x] * trust_y[y]
                _equations(before, y, sampled, u, v, share, trust, equations[i])
            else:
                _copy(equations[i - 1], equations[i])
            if y == 0:
                for k in range(i):
                    _copy(equations[i], equations[k])
        for plane in range(5):
            for i in range(rows):
                _average_down(equations[i : i + 2 * WINDOW + 1], plane, down[WINDOW : WINDOW + width])
                for x in range(WINDOW):
                    down[x], down[WINDOW + width + x] = down[WINDOW], down[WINDOW + width - 1]
                _average_across(down, averages[i, plane])
        for i in range(rows):
            _solve(averages[i], exact, flow_x[first + i], flow_y[first + i])
