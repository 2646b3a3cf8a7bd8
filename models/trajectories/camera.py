"""Camera motion: estimates the homography between two frames and removes it from the flow.

Wang & Schmid, ICCV 2013, section 3.1.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.trajectories.compilation import body, kernel

F = np.float32

INLIER = 1.0
"""Maximum reprojection error of an inlier, in pixels."""

MATCHES = 50
"""A homography is estimated only from more matches than this ..."""

INLIERS = 25
"""... and accepted only with more inliers than this."""

BORDER = 5
"""Flow is zero where the camera motion leads to within this many pixels of the border, or beyond it."""


def corners(frame: NDArray[np.uint8], most: int, quality: float, distance: int) -> NDArray[np.float32]:
    """Find the corners of a greyscale frame (Shi & Tomasi, CVPR 1994), as the release does.

    Parameters
    ----------
    frame : (h, w)
    most : int
        Only this many are kept, the strongest.
    quality : float
        The smaller eigenvalue exceeds this fraction of its maximum over the frame.
    distance : int
        Minimum distance between two corners, in pixels.

    Returns
    -------
    float32 (n, 2)
        x and y in pixels, best first.
    """
    found = cv2.goodFeaturesToTrack(frame, most, quality, distance)
    return np.zeros((0, 2), np.float32) if found is None else np.asarray(found, np.float32).reshape(-1, 2)


def estimate(
    before: NDArray[np.float32], after: NDArray[np.float32], confidence: float = 0.995, *, usac: bool = False
) -> NDArray[np.float64]:
    """Return the homography, (3, 3), that maps points, (n, 2), of one frame to the next; the identity if none is found.

    By RANSAC, as the release does, or by USAC with local optimisation (Raguram et al., PAMI 2013). PROSAC trusts the
    order of the matches: a subject with more contrast than the background, whose matches come first, would pass for the
    camera.
    """
    if len(before) > MATCHES:
        method = cv2.USAC_FAST if usac else cv2.RANSAC
        found, inliers = cv2.findHomography(before, after, method, INLIER, confidence=confidence)
        if found is not None and np.count_nonzero(inliers) > INLIERS:
            return np.asarray(found, np.float64)
    return np.eye(3)


def warp(after: NDArray[np.uint8], before: NDArray[np.uint8], homography: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return a frame, (h, w), with the camera motion since the previous frame undone.

    Areas that are out of view, and `BORDER` pixels around them, are filled in from the previous frame.
    """
    height, width = after.shape
    warped = cv2.warpPerspective(after, homography, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    inner = np.zeros_like(after)
    inner[BORDER : height - BORDER, BORDER : width - BORDER] = 1
    known = cv2.warpPerspective(inner, homography, (width, height), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
    return np.where(known == 1, warped, before).astype(np.uint8)


def stabilise(
    flow: NDArray[np.float32],
    starts: NDArray[np.int64],
    shapes: NDArray[np.int64],
    scales: NDArray[np.float32],
    homography: NDArray[np.float64],
) -> None:
    """Remove the camera motion from the flow.

    Where p moves to q, the stabilised flow is H^-1 q - p: the flow from this frame to the next, warped back by the
    homography H.

    Parameters
    ----------
    flow : (4, pixels of all layers)
        x and y of the flow, in pixels of each layer, then room for those of the stabilised flow.
    starts : (layers,) or more
        First pixel of each layer.
    shapes : (layers, 2)
        Height and width of each layer in pixels.
    scales : (layers,)
        Scale of each layer.
    homography : (3, 3)
        Camera motion from this frame to the next, in pixels of the frame.
    """
    there, back = homography.astype(F), np.linalg.inv(homography).astype(F)
    _stabilise(flow, starts, shapes, scales, there, back)


@kernel
def _stabilise(
    flow: NDArray[np.float32],
    starts: NDArray[np.int64],
    shapes: NDArray[np.int64],
    scales: NDArray[np.float32],
    there: NDArray[np.float32],
    back: NDArray[np.float32],
) -> None:
    for layer in range(len(scales)):
        _stabilise_layer(flow, starts[layer], shapes[layer], scales[layer], there, back)


@body
def _stabilise_layer(
    flow: NDArray[np.float32],
    start: int,
    shape: NDArray[np.int64],
    scale: np.float32,
    there: NDArray[np.float32],
    back: NDArray[np.float32],
) -> None:
    height, width = shape
    # As scalars, in pixels of the layer: array elements would be loaded again for every pixel.
    t00, t01, t02 = there[0, 0], there[0, 1], there[0, 2] / scale
    t10, t11, t12 = there[1, 0], there[1, 1], there[1, 2] / scale
    t20, t21, t22 = there[2, 0] * scale, there[2, 1] * scale, there[2, 2]
    b00, b01, b02 = back[0, 0], back[0, 1], back[0, 2] / scale
    b10, b11, b12 = back[1, 0], back[1, 1], back[1, 2] / scale
    b20, b21, b22 = back[2, 0] * scale, back[2, 1] * scale, back[2, 2]
    low = F(BORDER) / scale
    high_x, high_y = F(width - 1) - low, F(height - 1) - low
    for y in range(height):
        first = start + y * width
        u, v = flow[0, first : first + width], flow[1, first : first + width]
        out_u, out_v = flow[2, first : first + width], flow[3, first : first + width]
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
