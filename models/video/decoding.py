"""Decodes a clip to upright greyscale frames, within limits, with FFmpeg (PyAV).

A crafted file can crash any decoder: decode untrusted clips in a child process.
"""

import math
from collections.abc import Callable, Generator, Iterator
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.container import InputContainer
from av.stream import Discard
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from models.errors import ClipTooLarge, ClipTooLong, NoVideoStream, TruncatedClip, UnsupportedCodec
from models.video.container import recognise
from models.video.demuxing import ROUNDING_S, demux, told_end
from models.video.display import Display
from models.video.grey_of_bgr import BgrGreyReader
from models.video.info import VideoInfo
from models.video.limits import VideoLimits
from models.video.luma import LumaReader
from models.video.pictures import PictureSampler
from models.video.tracks import video_track

# Recordings of a minute are rarely exact, and audio is padded to whole packets.
_GRACE_S = 0.1
# Fraction of a frame interval by which a frame may come early: cameras jitter, and Matroska rounds to milliseconds.
_EARLY = 0.2


class Video:
    """The greyscale frames of a clip, decoded once and in order; a context manager.

    Iterating yields arrays, uint8 (h, w), C-contiguous, full range (0 to 255), upright, each a copy. If the clip
    has more than `limits.max_fps` frames per second, some are dropped by their timestamps; none is ever repeated.

    Parameters
    ----------
    path : Path
        A file in one of `models.video.container.CONTAINERS`, recognised by its first bytes; its name does not matter.
    limits : VideoLimits
    working_side : int, optional
        px that the short side is scaled down to; smaller frames keep their size.
    through_bgr : bool, optional
        Compute the frames from their colours instead of reading the luma; see `models.video.grey_of_bgr`.
    sampler : PictureSampler, optional
        Is given each frame that is used, before its grey is yielded.

    Raises
    ------
    NotAVideo, UnsupportedContainer, UnsupportedCodec, NoVideoStream
        On construction, if the file cannot be decoded.
    ClipTooLarge, ClipTooLong
        On construction if the header exceeds a limit, otherwise at the first frame that does.
    TruncatedClip
        On construction, at any frame or after the last one, if the file is incomplete.
    """

    def __init__(
        self,
        path: Path,
        limits: VideoLimits | None = None,
        *,
        working_side: int | None = None,
        through_bgr: bool = False,
        sampler: PictureSampler | None = None,
    ) -> None:
        self.limits = limits or VideoLimits()
        self._sampler = sampler
        self._info: VideoInfo | None = None
        self._decoded = 0
        size = path.stat().st_size
        if size > self.limits.max_bytes:
            raise ClipTooLarge(
                f"The file is {size / 2**20:.1f} MiB; at most {self.limits.max_bytes / 2**20:g} MiB are accepted."
            )
        self._container, self._stream = open_clip(path, self.limits)
        try:
            self._display = Display.of(path, self._stream)
            self._check_header()
            # Only the header of mp4 and mov says how many frames there are.
            mp4 = self._container.format.name == "mp4"
            self._expected = len(self._stream.index_entries) if mp4 else 0
            self._source = self._decode()
            shown = map(self._shown, self._source)
            first = next(shown, None)
            if first is None:
                raise NoVideoStream(
                    "The clip's video stream has no frame that can be decoded. Upload a clip with frames."
                )
            self._grey = (BgrGreyReader if through_bgr else LumaReader)(first, working_side)
            self._frames = chain([first], shown)
        except BaseException:
            self._container.close()
            raise
        self.size = self._grey.size
        """(width, height) of the frames, px."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._source.close()
        self._container.close()

    @property
    def info(self) -> VideoInfo:
        """The clip's properties, known once every frame has been read."""
        if self._info is None:
            raise RuntimeError("the info of a video is not known until all its frames have been read")
        return self._info

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        clock = _Clock(self._stream)
        tick = used = 0
        for frame in self._frames:
            self._decoded += 1
            if self._decoded > self.limits.max_frames:
                raise ClipTooLong(f"The clip has more than {self.limits.max_frames:,} frames. Upload a shorter one.")
            ticks = clock.advance(frame) * self.limits.max_fps
            if clock.end > self.limits.max_duration_s + _GRACE_S:
                raise ClipTooLong(f"The clip is longer than {self.limits.max_duration_s:g} s. Upload a shorter one.")
            if ticks >= tick - _EARLY:
                tick = math.floor(ticks + _EARLY) + 1
                used += 1
                if self._sampler is not None:
                    self._sampler.add(frame)
                yield self._grey(frame)
        width, height = self._grey.native
        duration = clock.duration()
        self._info = VideoInfo(
            duration_s=duration, fps=self._decoded / duration, width=width, height=height, frames_used=used
        )

    def _decode(self) -> Generator[VideoFrame]:
        context = self._stream.codec_context
        packets = 0
        try:
            for packet in demux(self._container, self._stream):
                if not packet.size:  # an empty packet would flush the decoder, even in the middle of a clip
                    continue
                packets += 1
                if packet.is_corrupt:
                    raise self._truncated("the file ends in the middle of a frame")
                yield from context.decode(packet)
            yield from context.decode(None)
        except (av.error.PatchWelcomeError, av.error.DecoderNotFoundError) as error:
            raise UnsupportedCodec(
                f"The clip's {context.name} video uses a feature that is not supported. H.264 in mp4 always works."
            ) from error
        except av.error.FFmpegError as error:
            self._check_size(context.width, context.height)
            raise self._truncated("the rest cannot be decoded") from error
        if packets < self._expected:
            raise self._truncated(f"its header lists {self._expected:,} frames, but the file holds {packets:,}")

    def _shown(self, frame: VideoFrame) -> VideoFrame:
        self._check_size(*self._display.size(frame))
        return self._display(frame)

    def _truncated(self, reason: str) -> TruncatedClip:
        return TruncatedClip(
            f"The clip is cut short or damaged after {self._decoded:,} frames: {reason}. Upload the complete file."
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
        limits = self.limits
        accepted = f"at most {limits.max_width} x {limits.max_height} px are accepted."
        if not width or not height:  # the decoder sets a size beyond its own limit to zero
            raise ClipTooLarge(f"The clip's frames are too large or have no size; {accepted}")
        if max(width, height) > limits.max_width or min(width, height) > limits.max_height:
            raise ClipTooLarge(f"The clip is {width} x {height} px; {accepted}")


class _Clock:
    """Seconds since the first frame; where timestamps are missing or do not advance, the nominal frame rate is used."""

    def __init__(self, stream: VideoStream) -> None:
        self._base = float(stream.time_base or 0)
        self._step = 1 / float(stream.average_rate or stream.guessed_rate or 25)
        self._origin: int | None = None
        self._told_end = told_end(stream)
        self.now = self.end = -self._step

    def advance(self, frame: VideoFrame) -> float:
        if self._origin is None:
            self._origin = frame.pts or 0
        stamp = -math.inf if frame.pts is None else (frame.pts - self._origin) * self._base
        self.now = stamp if stamp > self.now else self.now + self._step
        shown = (frame.duration or 0) * self._base
        self.end = self.now + (shown if shown > 0 else self._step)
        return self.now

    def duration(self) -> float:
        """Return the seconds from the first frame to the end of the last one, once it has come."""
        if self._told_end is None:
            return self.end
        told = self._told_end - (self._origin or 0) * self._base
        return told if told > self.now and abs(told - self.end) > ROUNDING_S else self.end


def open_clip(path: Path, limits: VideoLimits) -> tuple[InputContainer, VideoStream]:
    """Open a clip with the one demuxer that its first bytes name, and select its video; the caller closes it.

    Only the number of pixels is limited; `Video` checks the rest. The errors are those of `Video`.
    """
    demuxer = recognise(path)
    container = _open(path, demuxer, limits)
    try:
        return container, _video_stream(container, lambda: _open(path, demuxer, limits), limits)
    except BaseException:
        container.close()
        raise


def _open(path: Path, demuxer: str, limits: VideoLimits) -> InputContainer:
    options = {
        "protocol_whitelist": "file",
        # Containers may nest others (subtitles in avi): allow none but the one recognised.
        "format_whitelist": {"mp4": "mov,mp4,m4a,3gp,3g2,mj2", "matroska": "matroska,webm"}.get(demuxer, demuxer),
        **_decoder_options(limits),
    }
    try:
        # Without "file:", FFmpeg would take a name with a colon for a protocol. It strips the prefix before opening the
        # file, so a Windows drive letter may follow.
        return av.open(f"file:{path}", format=demuxer, options=options, metadata_errors="replace")
    except av.error.FFmpegError as error:
        raise TruncatedClip(
            "The clip's header cannot be read: the file is cut short or damaged. Upload the complete file."
        ) from error


def _decoder_options(limits: VideoLimits) -> dict[str, str]:
    # Rejects a frame larger than the header says before memory is allocated for it; codecs pad to whole blocks.
    return {"max_pixels": str((limits.max_width + 128) * (limits.max_height + 128))}


def _video_stream(container: InputContainer, reopen: Callable[[], InputContainer], limits: VideoLimits) -> VideoStream:
    """Select the video stream that a player would show, and discard all others."""
    video = video_track(container, reopen)
    if video is None:
        raise NoVideoStream("The file has no video stream; perhaps it is audio only. Upload a clip with video.")
    if video.codec_context is None:
        raise UnsupportedCodec("The clip's video codec is not supported. H.264 in mp4 always works.")
    for stream in container.streams:
        if stream is not video:
            stream.discard = Discard.all
    video.codec_context.thread_count = 1
    video.codec_context.options = _decoder_options(limits)
    return video
