"""How much work it is to decode a clip, as a number of pixels that is known before anything is decoded."""

from collections.abc import Mapping
from typing import Final

from av.video.codeccontext import VideoCodecContext

_WEIGHTS: Final[Mapping[str, float]] = {"hevc": 1.5, "vp9": 1.5}
"""Time that FFmpeg's decoders take for a pixel, at least 1, where H.264 takes 1."""
_DEEP: Final = 1.5
"""The same for pixels of more than eight bits, where those of eight take 1."""
_LARGE: Final = 1280 * 720
"""px of a frame above which several threads decode a clip: others take less time than their threads would cost."""
_MOST_THREADS: Final = 4
"""Threads that decode a clip: each holds frames of its own in memory."""


def weight(decoder: VideoCodecContext) -> float:
    """Return how many pixels of H.264 with eight bits take as long as one of this clip."""
    deep = decoder.format is not None and any(component.bits > 8 for component in decoder.format.components)
    return _WEIGHTS.get(decoder.name, 1.0) * (_DEEP if deep else 1.0)


def decode_on(decoder: VideoCodecContext, threads: int) -> None:
    """Let several threads decode large frames; to be called before the first packet. The frames are the same."""
    if decoder.width * decoder.height > _LARGE:
        decoder.thread_type = "AUTO"
        decoder.thread_count = min(threads, _MOST_THREADS)
