"""Copies of clips for browsers that could not play the originals; decodes clips, so for child processes only."""

from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np

from models.video.colour import upright_rgb
from models.video.container import recognise
from models.video.display import Display
from models.video.limits import VideoLimits
from models.video.opening import open_clip

_CODECS: Final = {"mp4": {"h264"}, "matroska": {"vp8", "vp9", "av1"}}
_PIXELS: Final = {"yuv420p", "yuvj420p"}
_SIDE: Final = 720
"""Short side of a copy in px, at most."""


def plays_in_browsers(clip: Path) -> bool:
    """Return whether all current browsers play a clip: H.264 in mp4, or VP8, VP9 or AV1 in webm, with 8 bits."""
    with clip.open("rb") as file:
        head = file.read(64)
    if head[4:12] == b"ftypqt  " or b"matroska" in head:
        return False
    container, stream = open_clip(clip, VideoLimits())
    with container:
        context = stream.codec_context
        return context.codec.canonical_name in _CODECS.get(recognise(clip), ()) and context.pix_fmt in _PIXELS


def write_copy(clip: Path, copy: Path) -> None:
    """Write a copy, H.264 in mp4, upright and without sound, of a clip that `models.video.decoding.Video` accepts."""
    opened, source = open_clip(clip, VideoLimits())
    with opened, av.open(str(copy), "w", format="mp4", options={"movflags": "+faststart"}) as written:
        rate = source.average_rate or Fraction(25)
        stream = written.add_stream("libx264", rate=rate.limit_denominator(1001), options={"preset": "veryfast"})
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 90_000)
        start = last = None
        for frame in map(Display.of(clip, source), opened.decode(source)):
            picture = upright_rgb(frame, _SIDE)
            picture = picture[: len(picture) // 2 * 2, : picture.shape[1] // 2 * 2]  # 4:2:0 needs even sides
            if last is None:
                stream.height, stream.width = picture.shape[:2]
                start = frame.time or 0.0
            if picture.shape[:2] != (stream.height, stream.width):
                continue
            upright = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            time = round(((frame.time or 0.0) - (start or 0.0)) * 90_000)
            last = time if last is None or time > last else last + round(90_000 / rate)
            upright.pts, upright.time_base = last, Fraction(1, 90_000)
            written.mux(stream.encode(upright))
        written.mux(stream.encode())
