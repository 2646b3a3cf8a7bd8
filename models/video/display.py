"""Shows decoded frames as players do: the part that the container keeps, in square pixels."""

import re
from fractions import Fraction
from pathlib import Path
from typing import Final, Self, cast

from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from models.video.crop import Crop, declared_crop

_SQUARE: Final = 0.01
"""Stretching by less is not seen: encoders ask for it when they keep the shape of a clip whose size they rounded."""
_SCALABLE: Final = re.compile(r"(yuva?j?4|nv\d\d|gray(9|1\d)?([bl]e)?$)")
"""Pixel formats that a frame keeps when it is stretched; swscale cannot write all of the others."""


class Display:
    """How the frames of a stream are shown. Most are shown as they are, and returned untouched.

    Parameters
    ----------
    coded : tuple of int
        (width, height) px of the pictures as the container announces them; only frames of this size are cropped.
    crop : Crop
    aspect : Fraction
        Width of a pixel, in heights of it.
    time_base : Fraction, optional
        Seconds of a unit of the frames' times, which stay what they are.
    """

    def __init__(
        self, coded: tuple[int, int], crop: Crop, aspect: Fraction, time_base: Fraction = Fraction(1, 1000)
    ) -> None:
        self._coded, self._crop, self._time_base = coded, crop, time_base
        self._aspect = aspect if aspect > 0 and abs(aspect - 1) >= _SQUARE else Fraction(1)
        self._graph: tuple[str, Graph] | None = None
        self._reformatter = VideoReformatter()

    @classmethod
    def of(cls, path: Path, stream: VideoStream) -> Self:
        """Return how the frames of a stream of the clip at `path` are shown."""
        coded = (stream.codec_context.width, stream.codec_context.height)
        container = stream.container
        number = container.streams.video.index(stream)
        crop = declared_crop(path, container.format.name, coded, track=stream.id, number=number)
        # Browsers take the pixels of every GIF for square.
        aspect = stream.sample_aspect_ratio if container.format.name != "gif" else None
        return cls(coded, crop, aspect or Fraction(1), stream.time_base or Fraction(1, 1000))

    def size(self, frame: VideoFrame) -> tuple[int, int]:
        """Return the (width, height) px that a frame is shown in, before it is turned; no side is ever shortened."""
        width, height = self._cropped(frame)
        return max(width, round(width * self._aspect)), max(height, round(height / self._aspect))

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        """Return a frame as it is shown, in the size that `size` tells."""
        width, height = self.size(frame)
        if (frame.width, frame.height) != self._cropped(frame):
            frame = self._cut(frame)
        if (frame.width, frame.height) != (width, height):
            kept = frame.format.name if _SCALABLE.match(frame.format.name) else "rgb24"
            frame = self._reformatter.reformat(
                frame, width=width, height=height, format=kept, interpolation="BICUBIC", threads=1
            )
        return frame

    def _cropped(self, frame: VideoFrame) -> tuple[int, int]:
        left, right, top, bottom = self._crop if (frame.width, frame.height) == self._coded else Crop()
        return frame.width - left - right, frame.height - top - bottom

    def _cut(self, frame: VideoFrame) -> VideoFrame:
        if self._graph is None or self._graph[0] != frame.format.name:
            width, height = self._cropped(frame)
            graph = Graph()
            graph.threads = 1
            graph.link_nodes(
                graph.add_buffer(
                    width=frame.width, height=frame.height, format=frame.format, time_base=self._time_base
                ),
                graph.add("crop", f"{width}:{height}:{self._crop.left}:{self._crop.top}:exact=1"),
                graph.add("buffersink"),
            ).configure()
            self._graph = frame.format.name, graph
        graph = self._graph[1]
        graph.push(frame)
        return cast(VideoFrame, graph.pull())
