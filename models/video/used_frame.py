"""A frame that was analysed; in its own module, because the decoder's imports are heavy."""

from typing import NamedTuple


class UsedFrame(NamedTuple):
    """When a used frame is shown, and its size.

    Attributes
    ----------
    shown_s, gone_s : float
        Seconds since the first frame of the whole clip at which it appears and goes.
    size : tuple of int
        (width, height) px of the greyscale frame.
    """

    shown_s: float
    gone_s: float
    size: tuple[int, int]
