"""Camera motion: the homography between two frames, and the flow that is left when it is taken away."""

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

F = np.float32

INLIER = 1.0
"""A match agrees with a homography within this many pixels."""

MATCHES = 50
"""A homography is looked for with more matches than this ..."""

INLIERS = 25
"""... and believed with more inliers than this."""

BORDER = 5
"""Pixels that the camera brought in from nearer to the border than this have no flow."""


def estimate(before: NDArray[np.float32], after: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the homography (3, 3) that takes points (n, 2) of one frame to the next, or the identity.

    Matches must come best first (progressive sampling; Chum & Matas, CVPR 2005).
    """
    if len(before) > MATCHES:
        found, inliers = cv2.findHomography(before, after, cv2.USAC_PROSAC, INLIER)
        if found is not None and np.count_nonzero(inliers) > INLIERS:
            return np.asarray(found, np.float64)
    return np.eye(3)


def warp(after: NDArray[np.uint8], before: NDArray[np.uint8], homography: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return a frame (h, w) as it would be had the camera not moved since the one before.

    What the camera lost, and what is within `BORDER` pixels of it, is filled in from the frame before.
    """
    height, width = after.shape
    warped = cv2.warpPerspective(after, homography, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    inner = np.zeros_like(after)
    inner[BORDER : height - BORDER, BORDER : width - BORDER] = 1
    known = cv2.warpPerspective(inner, homography, (width, height), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
    return np.where(known == 1, warped, before).astype(np.uint8)


def stabilise(planes: NDArray[np.float32], homography: NDArray[np.float64], scale: float) -> None:
    """Take the camera's motion away from the flow of one layer of the pyramid.

    If p moves to q, what is left is H^-1 q - p: the flow from this frame to the next one warped back by the
    homography H (Wang & Schmid, ICCV 2013, section 3.1).

    Parameters
    ----------
    planes : (4, h, w)
        Holds the flow's x and y, in pixels of the layer; receives those of the stabilised flow behind them.
    homography : (3, 3)
        Motion of the camera from this frame to the next, in pixels of the frame.
    scale : float
        Pixels of the frame in a pixel of the layer.
    """
    size = np.diag([scale, scale, 1.0])
    there = np.linalg.inv(size) @ homography @ size
    _stabilise(there.astype(np.float32), np.linalg.inv(there).astype(np.float32), BORDER / scale, planes)


@njit(nogil=True, cache=True, fastmath=True, error_model="numpy")
def _stabilise(
    there: NDArray[np.float32], back: NDArray[np.float32], border: float, planes: NDArray[np.float32]
) -> None:
    _, height, width = planes.shape
    # Scalars: read through the array, they would be loaded anew for every pixel.
    t00, t01, t02 = there[0, 0], there[0, 1], there[0, 2]
    t10, t11, t12 = there[1, 0], there[1, 1], there[1, 2]
    t20, t21, t22 = there[2, 0], there[2, 1], there[2, 2]
    b00, b01, b02 = back[0, 0], back[0, 1], back[0, 2]
    b10, b11, b12 = back[1, 0], back[1, 1], back[1, 2]
    b20, b21, b22 = back[2, 0], back[2, 1], back[2, 2]
    low, high_x, high_y = F(border), F(width - 1 - border), F(height - 1 - border)
    for y in range(height):
        u, v, out_u, out_v = planes[0, y], planes[1, y], planes[2, y], planes[3, y]
        fy = F(y)
        for x in range(width):
            fx = F(np.int32(x))
            k = F(1) / (t20 * fx + t21 * fy + t22)
            sx = (t00 * fx + t01 * fy + t02) * k
            sy = (t10 * fx + t11 * fy + t12) * k
            inside = (sx >= low) & (sx <= high_x) & (sy >= low) & (sy <= high_y)
            qx, qy = fx + u[x], fy + v[x]
            k = F(1) / (b20 * qx + b21 * qy + b22)
            out_u[x] = (b00 * qx + b01 * qy + b02) * k - fx if inside else F(0)
            out_v[x] = (b10 * qx + b11 * qy + b12) * k - fy if inside else F(0)
