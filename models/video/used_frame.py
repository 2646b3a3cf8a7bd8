"""A frame that was analysed; in its own module, because the decoder's imports are heavy."""

from typing import NamedTuple


class UsedFrame(NamedTuple):
    """When a used frame is shown, and its size.

    Attributes
    ----------
    shown_s : float
        Seconds since the first frame of the whole clip.
    size : tuple of int
        (width, height) px of the greyscale frame.
    """

    shown_s: float
    size: tuple[int, int]
