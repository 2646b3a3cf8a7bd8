"""Limits on clips; apart from the decoder, whose imports are heavy."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class VideoLimits:
    """The largest clip accepted.

    Attributes
    ----------
    max_bytes : int
        Of the file, and of its video's packets.
    max_width, max_height : int
        px of a frame's long and short side.
    max_duration_s : float
        s of the picture: sound may be longer.
    max_frames : int
        Frames in the file, used or not: bounds the work on a clip with a high frame rate.
    max_pixels : int
        px of all frames in the file together. Those of some codecs count more, for they take longer to decode: see
        `models.video.work.weight`.
    max_fps : float
        Frames used of each second.
    """

    max_bytes: int = 64 * 2**20
    max_width: int = 3840
    max_height: int = 2160
    max_duration_s: float = 60.0
    max_frames: int = 14_400
    max_pixels: int = 8 * 10**9
    max_fps: float = 30.0
