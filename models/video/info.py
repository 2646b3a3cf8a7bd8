"""The properties of a decoded clip; apart from the decoder, whose imports are heavy."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class VideoInfo:
    """Properties of a decoded clip.

    Attributes
    ----------
    duration_s : float
        Seconds, of the part that was used.
    fps : float
        Average frames per second, before resampling.
    width, height : int
        px as displayed, for longest if the size changes.
    analysed_s : float
        Seconds analysed; a long clip is sampled in pieces.
    frames_used : int
        Frames that were analysed, after thinning out (`models.video.thinning`), without those that repeat the one
        before.
    start_s : float
        Start of the part that was used, in seconds into the clip.
    """

    duration_s: float
    fps: float
    width: int
    height: int
    analysed_s: float
    frames_used: int
    start_s: float = 0.0
