"""Converts decoded frames to greyscale: the luma plane at full range, scaled to the working size, upright."""

import math
import re
from collections.abc import Mapping
from typing import Any, cast

import cv2
import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

_MPEG_RANGE, _JPEG_RANGE = 1, 2
# Pixel formats whose first plane holds only luma: in bytes or, where a bit depth is given, in 16-bit words.
_LUMA_FIRST = re.compile(r"(?:yuva?j?4\d\dp|gray|nv12|nv16|nv21|nv24)(?:(\d+)le)?")


class LumaReader:
    """Reads the luma of frames of one size and orientation.

    Parameters
    ----------
    first : VideoFrame
        Sets the size and the orientation.
    working_side : int, optional
        px that the short side is scaled down to; smaller frames keep their size.
    pixels : int, optional
        px that a greyscale frame has, or nearly: the frames of another part of the clip, scaled up if need be.

    Attributes
    ----------
    native, size : tuple of int
        (width, height) px as displayed, of the clip and of the greyscale frames.
    """

    def __init__(self, first: VideoFrame, working_side: int | None = None, *, pixels: int | None = None) -> None:
        width, height = first.width, first.height
        scale = min(1.0, working_side / min(width, height)) if working_side else 1.0
        if pixels:
            scale = math.sqrt(pixels / (width * height))
        self._coded = (max(1, round(width * scale)), max(1, round(height * scale)))
        self._transpose, self._flips = orientation(first)
        self.native = (height, width) if self._transpose else (width, height)
        self.size = (self._coded[1], self._coded[0]) if self._transpose else self._coded
        self._reformatter = VideoReformatter()

    def __call__(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """Return a frame's luma, uint8 (h, w), C-contiguous, full range; a copy."""
        luma, full_range = self._luma(frame)
        luma = self._scaled(luma)
        return self._upright(luma.copy() if full_range else _expanded(luma))

    def _scaled(self, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if grey.shape[::-1] == self._coded:
            return grey
        return cv2.resize(grey, self._coded, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)

    def _upright(self, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if self._transpose:
            grey = grey.T
        return np.ascontiguousarray(grey[self._flips])

    def _luma(self, frame: VideoFrame) -> tuple[NDArray[np.uint8], bool]:
        # Returns the luma, (h, w), as a view of the decoder's buffer where possible, and whether it is full range.
        name = frame.format.name
        planar = _LUMA_FIRST.fullmatch(name)
        if planar is None or frame.planes[0].line_size < 0:
            return _rows(self._reformatter.reformat(frame, format="gray", dst_color_range="JPEG", threads=1)), True
        full_range = frame.color_range == _JPEG_RANGE or name.startswith("yuvj")
        if name.startswith("gray"):
            full_range = frame.color_range != _MPEG_RANGE
        return _rows(frame, int(planar[1] or 8)), full_range


def _rows(frame: VideoFrame, bits: int = 8) -> NDArray[np.uint8]:
    words = np.frombuffer(memoryview(frame.planes[0]), "<u2" if bits > 8 else np.uint8)
    luma = words.reshape(frame.height, -1)[:, : frame.width]
    return (luma >> (bits - 8)).astype(np.uint8) if bits > 8 else luma


def _expanded(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    # From limited ("TV") range, where black is 16 and white 235 (ITU-R BT.601-7, section 2.5.3), to full range. Rounded
    # down, as FFmpeg does when converting to RGB.
    gain = 255 / 219
    return cv2.addWeighted(luma, gain, luma, 0, -16 * gain - 0.499).astype(np.uint8, copy=False)


def orientation(frame: VideoFrame) -> tuple[bool, tuple[slice, slice]]:
    """Return how to set a frame upright: whether to transpose it, then the slices for its rows and columns.

    The display matrix (ISO/IEC 14496-12, section 6.2.2) maps (x, y) to (ax + cy, bx + dy).
    """
    side_data = cast(Mapping[SideDataType, Any], frame.side_data)
    matrix = side_data.get(SideDataType.DISPLAYMATRIX)
    a, b, _, c, d = (1, 0, 0, 0, 1) if matrix is None else np.frombuffer(matrix, np.int32)[:5].tolist()
    transpose = abs(b) > abs(a)
    across, down = (c, b) if transpose else (a, d)
    forward, backward = slice(None), slice(None, None, -1)
    return transpose, (backward if down < 0 else forward, backward if across < 0 else forward)
