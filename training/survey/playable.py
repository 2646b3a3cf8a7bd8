"""Clips that no browser plays, as copies that every browser does. Opens clips, so for child processes only."""

from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.container import InputContainer

from models.video.container import recognise

_CODECS: Final = {"mp4": {"h264"}, "matroska": {"vp8", "vp9", "av1"}}
_PIXELS: Final = {"yuv420p", "yuvj420p"}
_SIDE: Final = 720
"""px of a copy's short side, at most."""


def plays_in_browsers(clip: Path) -> bool:
    """Tell whether all current browsers play a clip: H.264 in mp4, or VP8, VP9 or AV1 in webm, of 8 bits."""
    with clip.open("rb") as file:
        head = file.read(64)
    if head[4:12] == b"ftypqt  " or b"matroska" in head:
        return False
    with _open(clip) as opened:
        context = opened.streams.video[0].codec_context
        return context.codec.canonical_name in _CODECS.get(recognise(clip), ()) and context.pix_fmt in _PIXELS


def write_copy(clip: Path, copy: Path) -> None:
    """Write a clip that models.video has decoded before as H.264 in mp4: upright, silent, for any browser."""
    with _open(clip) as opened, av.open(str(copy), "w", format="mp4", options={"movflags": "+faststart"}) as written:
        source = opened.streams.video[0]
        rate = source.average_rate or Fraction(25)
        stream = written.add_stream("libx264", rate=rate.limit_denominator(1001), options={"preset": "veryfast"})
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 90_000)
        start = last = None
        for frame in opened.decode(video=0):
            picture = np.rot90(_scaled(frame).to_ndarray(format="rgb24"), round(frame.rotation / 90)).astype(np.uint8)
            picture = picture[: len(picture) // 2 * 2, : picture.shape[1] // 2 * 2]  # 4:2:0 wants even sides
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


def _open(clip: Path) -> InputContainer:
    return av.open(f"file:{clip}", format=recognise(clip), options={"protocol_whitelist": "file"})


def _scaled(frame: av.VideoFrame) -> av.VideoFrame:
    scale = min(1.0, _SIDE / min(frame.width, frame.height))
    return frame.reformat(width=round(frame.width * scale), height=round(frame.height * scale)) if scale < 1 else frame
