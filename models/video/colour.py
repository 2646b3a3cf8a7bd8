"""Converts decoded frames to upright RGB pictures, for people to look at."""

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from models.video.luma import orientation


def upright_rgb(frame: VideoFrame, short_side: int | None = None) -> NDArray[np.uint8]:
    """Return a frame as displayed, uint8 (h, w, 3), C-contiguous.

    Parameters
    ----------
    frame : VideoFrame
    short_side : int, optional
        px that the short side is scaled down to; smaller frames keep their size.
    """
    scale = min(1.0, short_side / min(frame.width, frame.height)) if short_side else 1.0
    width, height = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    picture = frame.reformat(width=width, height=height, format="rgb24").to_ndarray()
    transpose, flips = orientation(frame)
    return np.ascontiguousarray((picture.swapaxes(0, 1) if transpose else picture)[flips], np.uint8)
