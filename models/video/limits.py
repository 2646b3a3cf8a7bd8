"""Limits on clips; apart from the decoder, whose imports are heavy."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class VideoLimits:
    """The largest clip accepted; `max_width` applies to the long side and `max_height` to the short one."""

    max_bytes: int = 64 * 2**20
    max_width: int = 3840
    max_height: int = 2160
    max_duration_s: float = 60.0
    max_frames: int = 14_400
    max_fps: float = 30.0
