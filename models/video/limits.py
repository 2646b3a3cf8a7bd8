"""What a clip may cost, and what was found of it; apart from the decoder, which is heavy to import."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class VideoLimits:
    """What a clip may cost. `max_width` and `max_height` bound the long and the short side of either orientation."""

    max_bytes: int = 64 * 2**20
    max_width: int = 3840
    max_height: int = 2160
    max_duration_s: float = 60.0
    max_frames: int = 3600
    max_fps: float = 30.0


@dataclass(frozen=True, kw_only=True)
class VideoInfo:
    """A clip as it was found: seconds, average frames a second, px as displayed, frames after resampling."""

    duration_s: float
    fps: float
    width: int
    height: int
    frames_used: int
