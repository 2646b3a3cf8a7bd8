"""Where trajectories may start: grid cells of each layer with enough texture to be tracked."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

F = np.float32


@njit(nogil=True, cache=True, fastmath=True, error_model="numpy")
def cell_eigenvalues(layer: NDArray[np.uint8], stride: int, out: NDArray[np.float32]) -> None:
    """Measure how well the centre of each cell of a grey layer can be tracked.

    That is the smaller eigenvalue of the auto-correlation of Sobel gradients over 3 x 3 pixels (Shi & Tomasi,
    CVPR 1994), as `cv2.cornerMinEigenVal` has it, but for a constant factor, and only where it is needed.

    Parameters
    ----------
    layer : (h, w)
    stride : int
        Side of a cell, at least 5 pixels.
    out : (h // stride, w // stride)
        Receives the eigenvalues.
    """
    rows, columns = out.shape
    for row in range(rows):
        top = row * stride + stride // 2 - 1
        for column in range(columns):
            left = column * stride + stride // 2 - 1
            xx = xy = yy = F(0)
            for y in range(top, top + 3):
                for x in range(left, left + 3):
                    nw, n, ne = F(layer[y - 1, x - 1]), F(layer[y - 1, x]), F(layer[y - 1, x + 1])
                    west, east = F(layer[y, x - 1]), F(layer[y, x + 1])
                    sw, s, se = F(layer[y + 1, x - 1]), F(layer[y + 1, x]), F(layer[y + 1, x + 1])
                    dx = (ne - nw) + (se - sw) + F(2) * (east - west)
                    dy = (sw - nw) + (se - ne) + F(2) * (s - n)
                    xx += dx * dx
                    xy += dx * dy
                    yy += dy * dy
            out[row, column] = F(0.5) * (xx + yy - math.sqrt((xx - yy) * (xx - yy) + F(4) * xy * xy))


def textured_cells(
    layer: NDArray[np.uint8], stride: int, quality: float
) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Find the cells of a grey layer (h, w) whose centre can be tracked.

    The eigenvalue must exceed `quality` times the largest (Wang et al., IJCV 2013, section 2.1).

    Returns
    -------
    textured : bool (h // stride, w // stride)
    eigenvalues : float32 (h // stride, w // stride)
    """
    eigenvalues = np.empty((layer.shape[0] // stride, layer.shape[1] // stride), np.float32)
    cell_eigenvalues(layer, stride, eigenvalues)
    return eigenvalues > quality * eigenvalues.max(initial=0), eigenvalues
