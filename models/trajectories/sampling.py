"""Dense sampling: finds the grid cells of each layer that have enough texture to track.

Wang et al., IJCV 2013, section 2.1.
"""

import math

import numpy as np
from numpy.typing import NDArray

from models.trajectories.compilation import body, kernel

F = np.float32


@body
def smaller_eigenvalues(layer: NDArray[np.uint8], stride: int, out: NDArray[np.float32]) -> np.float32:
    """Measure how well the centre of each cell of a greyscale layer can be tracked.

    This is the smaller eigenvalue of the auto-correlation matrix of Sobel gradients over 3 x 3 pixels (Shi & Tomasi,
    CVPR 1994): `cv2.cornerMinEigenVal` up to a constant factor.

    Parameters
    ----------
    layer : (h, w)
    stride : int
        Side of a cell, at least 5 pixels.
    out : (h // stride, w // stride)
        Receives the eigenvalues.

    Returns
    -------
    float32
        The maximum over the layer, except for a border of two pixels.
    """
    height, width = layer.shape
    products = np.empty((3, 3, width), np.float32)  # row modulo 3; xx, xy, yy
    sums = np.empty((3, width), np.float32)
    eigenvalues = np.empty(width, np.float32)
    largest = F(0)
    for y in range(1, height - 1):
        above, row, below = layer[y - 1], layer[y], layer[y + 1]
        xx, xy, yy = products[y % 3]
        for x in range(1, width - 1):
            west = F(above[x - 1]) + F(2) * F(row[x - 1]) + F(below[x - 1])
            east = F(above[x + 1]) + F(2) * F(row[x + 1]) + F(below[x + 1])
            north = F(above[x - 1]) + F(2) * F(above[x]) + F(above[x + 1])
            south = F(below[x - 1]) + F(2) * F(below[x]) + F(below[x + 1])
            dx, dy = east - west, south - north
            xx[x] = dx * dx
            xy[x] = dx * dy
            yy[x] = dy * dy
        if y < 3:
            continue
        for product in range(3):
            first, second, third = products[0, product], products[1, product], products[2, product]
            total = sums[product]
            for x in range(1, width - 1):
                total[x] = first[x] + second[x] + third[x]
        xx, xy, yy = sums
        for x in range(2, width - 2):
            a = xx[x - 1] + xx[x] + xx[x + 1]
            b = xy[x - 1] + xy[x] + xy[x + 1]
            c = yy[x - 1] + yy[x] + yy[x + 1]
            smaller = a + c - math.sqrt((a - c) * (a - c) + F(4) * b * b)
            eigenvalues[x] = smaller
            largest = max(largest, smaller)
        cell = (y - 1) // stride
        if (y - 1) % stride == stride // 2 and cell < out.shape[0]:
            for column in range(out.shape[1]):
                out[cell, column] = eigenvalues[column * stride + stride // 2]
    return largest


@kernel
def _mark(
    grey: NDArray[np.uint8],
    shapes: NDArray[np.int64],
    stride: int,
    quality: np.float32,
    textured: NDArray[np.bool_],
    eigenvalues: NDArray[np.float32],
) -> None:
    pixel = cell = 0
    for layer in range(len(shapes)):
        height, width = shapes[layer]
        rows, columns = height // stride, width // stride
        cells = eigenvalues[cell : cell + rows * columns]
        image = grey[pixel : pixel + height * width].reshape(height, width)
        largest = smaller_eigenvalues(image, stride, cells.reshape(rows, columns))
        for i in range(cells.size):
            textured[cell + i] = cells[i] > quality * largest
        pixel += height * width
        cell += cells.size


def textured_cells(
    grey: NDArray[np.uint8], shapes: NDArray[np.int64], stride: int, quality: float
) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Find the cells of all layers whose centre can be tracked.

    The eigenvalue must exceed `quality` times its maximum over the layer.

    Parameters
    ----------
    grey : uint8 (pixels,)
        All layers, concatenated.
    shapes : int64 (layers, 2)
        Their heights and widths, at least `stride`.
    stride : int
        Side of a cell, at least 5 pixels.
    quality : float

    Returns
    -------
    textured : bool (cells,)
        All layers, concatenated; each has (h // stride, w // stride) cells.
    eigenvalues : float32 (cells,)
    """
    cells = (shapes // stride).prod(axis=1).sum()
    textured, eigenvalues = np.empty(cells, np.bool_), np.empty(cells, np.float32)
    _mark(grey, shapes, stride, F(quality), textured, eigenvalues)
    return textured, eigenvalues


def strongest(
    textured: NDArray[np.bool_], eigenvalues: NDArray[np.float32], width: int, most: int, stride: int
) -> NDArray[np.float32]:
    """Return the centres of at most `most` textured cells, (n, 2), x and y in pixels, largest eigenvalue first.

    `textured` and `eigenvalues`, (cells,), belong to a layer with rows of `width` cells.
    """
    cells = np.flatnonzero(textured)
    ranks = -eigenvalues[cells]
    if len(cells) > most:
        some = np.argpartition(ranks, most)[:most]
        cells, ranks = cells[some], ranks[some]
    best = cells[np.argsort(ranks)]
    rows, columns = np.divmod(best, width)
    return (np.stack([columns, rows], axis=1) * stride + stride // 2).astype(np.float32)
