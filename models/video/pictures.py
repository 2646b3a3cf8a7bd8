"""Colour pictures spread over a clip, taken in the one pass that decodes it."""

from typing import Final

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from models.video.luma import orientation

Picture = NDArray[np.uint8]

_SMALL: Final = 512 * 512
"""px of a frame that takes less memory than is worth the time to convert it before it is known to be needed."""
_LONGEST: Final = 8
"""Ratio of the sides beyond which a frame is squeezed: scaled by its short side, it could take any memory."""


class PictureSampler:
    """Keeps frames at equal distances, of a clip whose length is not known until it ends.

    Every `stride`-th frame is kept. When there are twice as many as are wanted, every other one is dropped and the
    stride doubles: no header is trusted, and few frames are converted.

    Parameters
    ----------
    count : int
        Pictures that are wanted.
    short_side : int
        px that the short side of a frame is scaled to.
    side : int
        px of the square that is cut from its centre; at most `short_side`.
    """

    def __init__(self, count: int, *, short_side: int, side: int) -> None:
        self._count, self._short_side, self._side = count, short_side, side
        self._stride = 1
        self._seen = 0
        self._kept: list[VideoFrame | Picture] = []
        self._orientation: tuple[bool, tuple[slice, slice]] | None = None
        self._reformatter = VideoReformatter()

    def add(self, frame: VideoFrame) -> None:
        """Take the next frame of the clip."""
        if self._seen % self._stride == 0:
            if len(self._kept) == 2 * self._count:
                del self._kept[1::2]
                self._stride *= 2
            self._kept.append(frame if frame.width * frame.height <= _SMALL else self._picture(frame))
        self._seen += 1

    def pictures(self) -> list[Picture]:
        """Return the pictures in order, uint8 (side, side, 3) RGB, upright: `count` of them, or one of each frame."""
        chosen = [self._kept[number] for number in self._chosen()]
        return [kept if isinstance(kept, np.ndarray) else self._picture(kept) for kept in chosen]

    def places(self) -> list[int]:
        """Return which of the frames that were added the `pictures` are, from 0."""
        return [number * self._stride for number in self._chosen()]

    def _chosen(self) -> list[int]:
        if len(self._kept) <= self._count:
            return list(range(len(self._kept)))
        # The middles of `count` equal parts of the clip; these are further apart than the frames that were kept.
        middles = (np.arange(self._count) + 0.5) * self._seen / self._count
        numbers: list[int] = np.rint(middles / self._stride).astype(int).tolist()
        return numbers

    def _picture(self, frame: VideoFrame) -> Picture:
        scale = self._short_side / min(frame.width, frame.height)
        width, height = (
            min(max(self._short_side, round(length * scale)), _LONGEST * self._short_side)
            for length in (frame.width, frame.height)
        )
        shrunk = self._reformatter.reformat(
            frame, width=width, height=height, format="rgb24", interpolation="AREA", dst_color_range="JPEG", threads=1
        )
        picture = shrunk.to_ndarray()
        top, left = (height - self._side) // 2, (width - self._side) // 2
        picture = picture[top : top + self._side, left : left + self._side]
        # Read once: a frame whose side data was read is freed by the garbage collector only, which is in no hurry.
        self._orientation = self._orientation or orientation(frame)
        transpose, flips = self._orientation
        if transpose:
            picture = picture.transpose(1, 0, 2)
        return np.ascontiguousarray(picture[flips], np.uint8)
