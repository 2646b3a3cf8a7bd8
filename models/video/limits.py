"""Limits on clips, and the properties of a clip. In a module of its own, without the decoder's heavy imports."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class VideoLimits:
    """The largest clip accepted; `max_width` applies to the long side and `max_height` to the short one."""

    max_bytes: int = 64 * 2**20
    max_width: int = 3840
    max_height: int = 2160
    max_duration_s: float = 60.0
    max_frames: int = 3600
    max_fps: float = 30.0


@dataclass(frozen=True, kw_only=True)
class VideoInfo:
    """Properties of a decoded clip.

    Attributes
    ----------
    duration_s : float
        Seconds.
    fps : float
        Average frames per second, before resampling.
    width, height : int
        px as displayed.
    frames_used : int
        Frames after resampling to at most `VideoLimits.max_fps`.
    """

    duration_s: float
    fps: float
    width: int
    height: int
    frames_used: int
