"""Colour pictures spread over a clip, taken in the one pass that decodes it."""

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from models.video.luma import orientation

Picture = NDArray[np.uint8]


class PictureSampler:
    """Keeps pictures at equal distances, of a clip whose length is not known until it ends.

    Every `stride`-th frame is kept. When there are twice as many pictures as are wanted, every other one is dropped and
    the stride doubles: no header is trusted, and few frames are converted.

    Parameters
    ----------
    count : int
        Pictures that are wanted.
    short_side : int
        px that the short side of a frame is scaled to.
    side : int
        px of the square that is cut from its centre.
    """

    def __init__(self, count: int, *, short_side: int, side: int) -> None:
        self._count, self._short_side, self._side = count, short_side, side
        self._stride = 1
        self._seen = 0
        self._kept: list[Picture] = []
        self._reformatter = VideoReformatter()

    def add(self, frame: VideoFrame) -> None:
        """Take the next frame of the clip."""
        if self._seen % self._stride == 0:
            if len(self._kept) == 2 * self._count:
                del self._kept[1::2]
                self._stride *= 2
            if self._seen % self._stride == 0:
                self._kept.append(self._picture(frame))
        self._seen += 1

    def pictures(self) -> list[Picture]:
        """Return the pictures in order, uint8 (side, side, 3) RGB, upright: `count` of them, or one of each frame."""
        if len(self._kept) <= self._count:
            return self._kept
        # The middles of `count` equal parts of the clip.
        middles = (np.arange(self._count) + 0.5) * self._seen / self._count
        nearest = np.clip(np.rint(middles / self._stride), 0, len(self._kept) - 1).astype(int)
        return [self._kept[place] for place in nearest]

    def _picture(self, frame: VideoFrame) -> Picture:
        scale = self._short_side / min(frame.width, frame.height)
        width, height = (max(self._short_side, round(length * scale)) for length in (frame.width, frame.height))
        shrunk = self._reformatter.reformat(
            frame, width=width, height=height, format="rgb24", interpolation="AREA", dst_color_range="JPEG", threads=1
        )
        rows = np.frombuffer(memoryview(shrunk.planes[0]), np.uint8).reshape(height, -1)
        picture = rows[:, : 3 * width].reshape(height, width, 3)
        top, left = (height - self._side) // 2, (width - self._side) // 2
        picture = picture[top : top + self._side, left : left + self._side]
        transpose, flips = orientation(frame)
        if transpose:
            picture = picture.transpose(1, 0, 2)
        return np.ascontiguousarray(picture[flips])
