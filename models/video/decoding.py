"""A clip file to grey frames: the luma plane as it was decoded, upright, within limits, or an error that says why not.

Decoding is FFmpeg's (PyAV). A crafted file can crash any decoder, so clips of strangers belong in a child process.
"""

import math
from collections.abc import Generator, Iterator
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.container import InputContainer
from av.stream import Discard, Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from models.errors import ClipTooLarge, ClipTooLong, NoVideoStream, TruncatedClip, UnsupportedCodec
from models.video.container import recognise
from models.video.limits import VideoInfo, VideoLimits
from models.video.luma import LumaReader

_NOT_FILM = Disposition.attached_pic | Disposition.timed_thumbnails
# A recorder's minute is rarely exact, and sound is padded to whole packets.
_GRACE_S = 0.1
# The part of a tick by which a frame may come early: cameras jitter, and Matroska rounds to milliseconds.
_EARLY = 0.2


class Video:
    """The grey frames of one clip, decoded once, in order; a context manager.

    Iterating yields arrays (h, w) uint8, C-contiguous, full range (0..255), upright, each a copy of its own. Of a clip
    with more than `limits.max_fps` frames a second, frames are dropped by their timestamps; none is ever repeated.

    Parameters
    ----------
    path : Path
        mp4, mov, webm, mkv or avi, recognised by its bytes; the name does not matter.
    limits : VideoLimits
    working_side : int, optional
        px to which the short side is scaled down, never up.

    Raises
    ------
    NotAVideo, UnsupportedContainer, UnsupportedCodec, NoVideoStream
        At once: this cannot be decoded.
    ClipTooLarge, ClipTooLong
        At once where the header tells, else at the first frame that breaks a limit.
    TruncatedClip
        At once or at any frame, also after the last one: the video is not all there.
    """

    def __init__(self, path: Path, limits: VideoLimits | None = None, *, working_side: int | None = None) -> None:
        self.limits = limits or VideoLimits()
        self._info: VideoInfo | None = None
        self._decoded = 0
        size = path.stat().st_size
        if size > self.limits.max_bytes:
            raise ClipTooLarge(
                f"The file is {size / 2**20:.1f} MiB; at most {self.limits.max_bytes / 2**20:g} MiB are accepted."
            )
        self._container = _open(path, recognise(path), self.limits)
        try:
            self._stream = _film(self._container, self.limits)
            self._check_header()
            # Only mp4 and mov say in the header how many frames are to come.
            mp4 = self._container.format.name.startswith("mov")
            self._announced = len(self._stream.index_entries) if mp4 else 0
            self._source = self._decode()
            first = next(self._source, None)
            if first is None:
                raise NoVideoStream("The clip's video stream holds no frame that can be decoded.")
            self._check_size(first.width, first.height)
            self._grey = LumaReader(first, working_side)
            self._frames = chain([first], self._source)
        except BaseException:
            self._container.close()
            raise
        self.size = self._grey.size
        """(width, height) of the frames to come, px."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._source.close()
        self._container.close()

    @property
    def info(self) -> VideoInfo:
        """What was found, complete once all frames have been taken."""
        if self._info is None:
            raise RuntimeError("a video's info is known once all its frames have been taken")
        return self._info

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        clock = _Clock(self._stream)
        tick = used = 0
        for frame in self._frames:
            self._decoded += 1
            if self._decoded > self.limits.max_frames:
                raise ClipTooLong(f"The clip has more than the {self.limits.max_frames:,} frames accepted.")
            self._check_size(frame.width, frame.height)
            ticks = clock.advance(frame) * self.limits.max_fps
            if clock.end > self.limits.max_duration_s + _GRACE_S:
                raise ClipTooLong(f"The clip is longer than the {self.limits.max_duration_s:g} s accepted.")
            if ticks >= tick - _EARLY:
                tick = math.floor(ticks + _EARLY) + 1
                used += 1
                yield self._grey(frame)
        width, height = self._grey.native
        self._info = VideoInfo(
            duration_s=clock.end, fps=self._decoded / clock.end, width=width, height=height, frames_used=used
        )

    def _decode(self) -> Generator[VideoFrame]:
        context = self._stream.codec_context
        packets = 0
        try:
            for packet in self._container.demux(self._stream):
                if not packet.size:  # empty ones drain the decoder, even in the middle of a clip
                    continue
                packets += 1
                if packet.is_corrupt:
                    raise self._cut("the file ends within a frame")
                yield from context.decode(packet)
            yield from context.decode(None)
        except (av.error.PatchWelcomeError, av.error.DecoderNotFoundError) as error:
            raise UnsupportedCodec(f"The clip's {context.name} video uses what cannot be decoded here.") from error
        except av.error.FFmpegError as error:
            self._check_size(context.width, context.height)
            raise self._cut("what follows cannot be decoded") from error
        if packets < self._announced:
            raise self._cut(f"{self._announced:,} frames are announced and {packets:,} are there")

    def _cut(self, why: str) -> TruncatedClip:
        return TruncatedClip(
            f"The clip is cut short or damaged after {self._decoded:,} frames: {why}. Upload it again, whole."
        )

    def _check_header(self) -> None:
        stream = self._stream
        self._check_size(stream.codec_context.width, stream.codec_context.height)
        if stream.frames > self.limits.max_frames:
            raise ClipTooLong(
                f"The clip has {stream.frames:,} frames; at most {self.limits.max_frames:,} are accepted."
            )
        if stream.duration and stream.time_base:
            seconds = float(stream.duration * stream.time_base)
        else:
            seconds = (self._container.duration or 0) / av.time_base
        if seconds > self.limits.max_duration_s + _GRACE_S:
            raise ClipTooLong(
                f"The clip is {seconds:.1f} s long; at most {self.limits.max_duration_s:g} s are accepted."
            )

    def _check_size(self, width: int, height: int) -> None:
        most = self.limits
        accepted = f"at most {most.max_width} x {most.max_height} px are accepted."
        if not width or not height:  # the decoder takes back a size that breaks its own limit
            raise ClipTooLarge(f"The clip's pictures are of no usable size; {accepted}")
        if max(width, height) > most.max_width or min(width, height) > most.max_height:
            raise ClipTooLarge(f"The clip is {width} x {height} px; {accepted}")


class _Clock:
    """Seconds since the first frame; the nominal rate stands in for timestamps that are missing or do not advance."""

    def __init__(self, stream: VideoStream) -> None:
        self._base = float(stream.time_base or 0)
        self._step = 1 / float(stream.average_rate or stream.guessed_rate or 25)
        self._origin: int | None = None
        self.now = self.end = -self._step

    def advance(self, frame: VideoFrame) -> float:
        if self._origin is None:
            self._origin = frame.pts or 0
        stamp = -math.inf if frame.pts is None else (frame.pts - self._origin) * self._base
        self.now = stamp if stamp > self.now else self.now + self._step
        shown = (frame.duration or 0) * self._base
        self.end = self.now + (shown if shown > 0 else self._step)
        return self.now


def _open(path: Path, demuxer: str, limits: VideoLimits) -> InputContainer:
    options = {
        "protocol_whitelist": "file",
        # Containers nest others (subtitles in avi): none but the recognised one is to be tried.
        "format_whitelist": {"mp4": "mov,mp4,m4a,3gp,3g2,mj2", "matroska": "matroska,webm"}.get(demuxer, demuxer),
        **_decoder_options(limits),
    }
    try:
        # file: keeps a name with a colon from being taken for a protocol.
        return av.open(f"file:{path}", format=demuxer, options=options, metadata_errors="replace")
    except av.error.FFmpegError as error:
        raise TruncatedClip(
            "The clip's header cannot be read: the file is cut short or damaged. Upload it again, whole."
        ) from error


def _decoder_options(limits: VideoLimits) -> dict[str, str]:
    # Stops a picture larger than its header says before its memory is taken; codecs pad to whole blocks.
    return {"max_pixels": str((limits.max_width + 128) * (limits.max_height + 128))}


def _film(container: InputContainer, limits: VideoLimits) -> VideoStream:
    """Choose the first stream of moving pictures and pass over all others."""
    film = next((stream for stream in container.streams.video if not stream.disposition & _NOT_FILM), None)
    if film is None:
        raise NoVideoStream("The file holds no video stream (sound alone, perhaps).")
    if film.codec_context is None:
        raise UnsupportedCodec("The clip's video is in a codec that cannot be decoded here; H.264 in mp4 always can.")
    for stream in container.streams:
        if stream is not film:
            stream.discard = Discard.all
    film.codec_context.thread_count = 1
    film.codec_context.options = _decoder_options(limits)
    return film
