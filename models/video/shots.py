"""Finds the shots of a clip by its key frames: encoders put one where the picture changes, as a rule.

A film returns to what it has shown: of such shots, the first one counts. Encoders that put key frames at fixed places,
as those of phones do, spend many bytes on the first frame of a shot: a hint that nothing has to be decoded for.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from models.video.packets import VideoPacket

_SIDE: Final = 32
_LEVELS: Final = 4
"""Of each of three colours, in the histogram of a picture."""
_COMMON: Final = 0.7
"""Minimum share of colours that two pictures of one shot have in common, unless their layout is similar."""
_ALIKE: Final = 0.6
"""Minimum correlation of brightness between two pictures of one shot, unless their colours are similar."""

_OF_KEY: Final = 0.5
"""Minimum size of the first frame of a shot, as a share of the last key frame's bytes."""
_OF_OTHERS: Final = 4.0
"""Minimum size of the first frame of a shot, relative to the median of the frames around it."""
_NEAR: Final = 12
"""Number of those frames, on either side; a shot is longer."""


def hints(packets: Sequence[VideoPacket]) -> list[int]:
    """Return the times (`pts`) at which another shot may begin without a key frame, the likeliest first."""
    sizes = np.array([packet.size for packet in packets], float)
    keys = np.array([packet.is_keyframe for packet in packets])
    predicted = np.where(keys, np.nan, sizes)
    found: list[tuple[float, int]] = []
    key = math.inf
    for place, packet in enumerate(packets):
        if packet.is_keyframe:
            key = sizes[place]
        elif sizes[place] > _OF_KEY * key and packet.pts is not None:
            near = predicted[max(0, place - _NEAR) : place + _NEAR + 1]
            ratio = sizes[place] / float(np.nanmedian(near))
            if ratio > _OF_OTHERS and sizes[place] == np.nanmax(near):
                found.append((ratio, packet.pts))
    return [stamp for _, stamp in sorted(found, reverse=True)]


class Shots:
    """Compares key frames with those before.

    Attributes
    ----------
    begin : list of int
        Times (`pts`) of the key frames with which a shot begins that resembles none before.
    count : int
        Key frames that could be decoded.
    enterable : bool
        Whether decoding can begin at key frames: where the picture is refreshed bit by bit, they are none.
    """

    def __init__(self) -> None:
        self.begin: list[int] = []
        self.count, self.enterable = 0, True
        self._seen: list[NDArray[np.uint8]] = []
        self._reformatter = VideoReformatter()

    def add(self, stamp: int, frame: VideoFrame) -> None:
        """Take the next key frame."""
        self.count += 1
        self.enterable &= frame.pict_type == PictureType.I
        shrunk = self._reformatter.reformat(
            frame, width=_SIDE, height=_SIDE, format="rgb24", interpolation="AREA", threads=1
        )
        small = shrunk.to_ndarray().astype(np.uint8, copy=False)
        # The last one of each shot: what moves changes its picture.
        alike = next((place for place, other in enumerate(self._seen) if not differ(other, small)), None)
        if alike is None:
            self.begin.append(stamp)
        else:
            del self._seen[alike]
        self._seen.insert(0, small)


def differ(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> bool:
    """Return whether two pictures, (h, w, 3), are of different shots: in other colours, and laid out otherwise."""
    common = np.minimum(_colours(first), _colours(second)).sum()
    if common >= _COMMON:
        return False
    one, other = (picture.mean(axis=2).ravel() for picture in (first, second))
    spread = one.std() * other.std()
    alike = float(np.mean((one - one.mean()) * (other - other.mean())) / spread) if spread else 0.0
    return alike < _ALIKE


def _colours(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    levels = picture.reshape(-1, 3).astype(np.intp) * _LEVELS // 256
    bins = (levels[:, 0] * _LEVELS + levels[:, 1]) * _LEVELS + levels[:, 2]
    return np.bincount(bins, minlength=_LEVELS**3) / len(bins)
