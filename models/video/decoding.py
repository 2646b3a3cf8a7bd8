"""Decodes a clip to upright greyscale frames, within limits, with FFmpeg (PyAV).

A crafted file can crash any decoder: decode untrusted clips in a child process.
"""

import math
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from models.errors import ClipTooLarge, ClipTooLong, NoVideoStream, TruncatedClip, UnsupportedCodec
from models.video.display import Display
from models.video.excerpt import WHOLE, Excerpt
from models.video.grey_of_bgr import BgrGreyReader
from models.video.info import VideoInfo
from models.video.limits import VideoLimits
from models.video.losses import Losses
from models.video.luma import LumaReader
from models.video.opening import open_clip
from models.video.packets import GRACE_S, VideoPacket, read_packets, shown
from models.video.parts import decoded, key_frames, longest
from models.video.pictures import PictureSampler
from models.video.pieces import UNCUT, Piece, pieces
from models.video.repeats import without_repeats
from models.video.shots import Shots, hints
from models.video.thinning import Thinning, thinned_rate
from models.video.timeline import Timeline
from models.video.used_frame import UsedFrame
from models.video.work import decode_on, weight


class _Moment(NamedTuple):
    """A frame, and when it is shown."""

    frame: VideoFrame
    stamp: int
    """`pts`"""
    begin: float
    """s"""
    end: float
    used: bool
    """Whether thinning out keeps it."""


class Video:
    """The greyscale frames of a clip, decoded once and in order; a context manager.

    Iterating yields arrays, uint8 (h, w), C-contiguous, full range (0 to 255), upright, each a copy. If the clip
    has more than `limits.max_fps` frames per second, some are dropped by their timestamps. Frames that repeat the one
    before are dropped, too, as a rule; what cannot be decoded is left out (see `warnings`). While the clip has another
    size than it has for longest, its frames keep their aspect and have as many pixels, nearly.

    Of a long clip, only `pieces` may be looked at (`models.video.pieces`); what lies between them is then decoded only
    as far as necessary.

    Parameters
    ----------
    path : Path
        A file in one of `models.video.container.CONTAINERS`, recognised by its first bytes; its name does not matter.
    limits : VideoLimits
    working_side : int, optional
        px that the short side is scaled down to; smaller frames keep their size.
    through_bgr : bool, optional
        Compute the frames from their colours instead of reading the luma; see `models.video.grey_of_bgr`.
    repeats : bool, optional
        Yield frames that repeat the one before, too.
    fps : float, optional
        Use about this many frames of each second; see `models.video.thinning.thinned_rate`.
    in_pieces : bool, optional
        Look only at pieces of a long clip.
    sampler : PictureSampler, optional
        Is given each frame that is used, before its grey is yielded.
    threads : int
        Threads that decode large frames.
    excerpt : Excerpt, optional
        The part of the clip to decode, as if the clip consisted of it. Limits apply to it, and to what has to be
        decoded before it.

    Attributes
    ----------
    used : list of UsedFrame
        The frames that have been yielded.

    Raises
    ------
    EmptyClip, NotAVideo, UnsupportedContainer, UnsupportedCodec, NoVideoStream
        On construction, if the file cannot be decoded.
    ClipTooLarge, ClipTooLong
        On construction if the header or the packets exceed a limit, otherwise at the first frame that does.
    NoSuchPart
        On construction if the clip ends before the excerpt begins.
    TruncatedClip
        On construction if the file is incomplete; at any frame or after the last one if the end or a third of the
        frames cannot be decoded.
    """

    def __init__(
        self,
        path: Path,
        limits: VideoLimits | None = None,
        *,
        working_side: int | None = None,
        through_bgr: bool = False,
        repeats: bool = False,
        fps: float | None = None,
        in_pieces: bool = False,
        sampler: PictureSampler | None = None,
        threads: int = 1,
        excerpt: Excerpt = WHOLE,
    ) -> None:
        self.limits = limits or VideoLimits()
        self._sampler, self._repeats, self._excerpt = sampler, repeats, excerpt
        self._info: VideoInfo | None = None
        self.used: list[UsedFrame] = []
        size = path.stat().st_size
        if size > self.limits.max_bytes:
            raise ClipTooLarge(
                f"The file is {size / 2**20:.1f} MiB; at most {self.limits.max_bytes / 2**20:g} MiB are accepted."
            )
        self._container, self._stream = open_clip(path, self.limits)
        try:
            self._display = Display.of(path, self._stream)
            context = self._stream.codec_context
            self._check_size(context.width, context.height)
            self._part = read_packets(self._container, self._stream, self.limits, excerpt)
            packets = self._part.packets
            self._weight = weight(context)
            self._check_work(len(packets) * context.width * context.height)
            decode_on(context, threads)
            inside = [packet for packet in packets if packet.pts in self._part]
            visible = shown(inside)
            self._losses = Losses(len(visible), context.name)
            self._timeline = Timeline(self._stream, inside)
            self._fps = thinned_rate(self._timeline.rate, len(visible), fps, self.limits.max_fps)
            used = self._timeline.used(self._fps) if in_pieces else []
            shots = Shots() if len(used) > UNCUT else None
            typical = _typical(path, self.limits, visible, shots)
            self._pieces = [Piece(used[0] if used else 0, None, None)]
            if shots is not None:
                keys = [packet.pts for packet in visible if packet.is_keyframe and packet.pts is not None]
                self._pieces = pieces(used, keys, shots.begin, hints(visible))
            # The places, in decoding order, at which decoding can begin, with the times of their frames.
            self._entries = [
                (packet.pts, place)
                for place, packet in enumerate(packets)
                if packet.is_keyframe and packet.pts is not None and shots is not None and shots.enterable
            ]
            self._wanted, self._entry = -math.inf, (0, 0)
            self._source = self._decode(packets)
            first = next(self._source, None)
            if first is None:
                raise NoVideoStream(
                    "The clip's video stream has no frame that can be decoded. Upload a clip with frames."
                )
            typical = self._shown(typical or first)
            self._kind = BgrGreyReader if through_bgr else LumaReader
            self._grey = self._kind(typical, working_side)
            self._readers = {(typical.width, typical.height): self._grey}
            self._moments = self._timed(chain([first], self._source))
        except BaseException:
            self._container.close()
            raise
        self.size = self._grey.size
        """(width, height) of the frames, px, while the clip has the size that it has for longest."""

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

    @property
    def warnings(self) -> list[str]:
        """Sentences for the user, complete once every frame has been read."""
        return self._losses.warnings()

    @property
    def whole(self) -> bool:
        """Whether all of the clip is looked at."""
        return len(self._pieces) == 1

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        return chain.from_iterable(self.pieces())

    def pieces(self) -> Iterator[Iterator[NDArray[np.uint8]]]:
        """Yield the pieces of the clip, each an iterator of its frames, to be used up before the next one."""
        analysed = 0.0
        for piece in self._pieces:
            self._want(piece.begin)
            begin = end = None

            def frames(piece: Piece = piece) -> Iterator[NDArray[np.uint8]]:
                nonlocal begin, end
                shown = self._of(piece)
                for grey, moment in islice(shown if self._repeats else without_repeats(shown), piece.frames):
                    height, width = grey.shape
                    shown_s = self._part.seconds(moment.stamp)
                    self.used.append(UsedFrame(shown_s, shown_s + moment.end - moment.begin, (width, height)))
                    begin, end = moment.begin if begin is None else begin, moment.end
                    if self._sampler is not None:
                        self._sampler.add(moment.frame)
                    yield grey

            yield frames()
            if begin is not None and end is not None:
                analysed += end - begin
        # The end is decoded in any case: it tells how long the clip is, and whether it is complete.
        self._want(math.inf)
        for _ in self._moments:
            pass
        width, height = self._grey.native
        seconds = self._part.duration_s(self._timeline.duration)
        self._info = VideoInfo(
            duration_s=seconds,
            # A part may begin or end within a frame.
            fps=self._losses.found / seconds if self._excerpt == WHOLE else self._timeline.rate,
            width=width,
            height=height,
            analysed_s=seconds if self.whole else min(analysed, seconds),
            frames_used=len(self.used),
            start_s=self._part.start_s,
        )

    def _want(self, stamp: float) -> None:
        """Have the frames that are shown from a time (`pts`) on decoded next, and others only if they must be."""
        if not self.whole:
            self._wanted = stamp
            self._entry = max((entry for entry in self._entries if entry[0] <= stamp), default=self._entry)

    def _of(self, piece: Piece) -> Iterator[tuple[NDArray[np.uint8], _Moment]]:
        for moment in self._moments:
            if piece.end is not None and moment.stamp >= piece.end:
                self._moments = chain([moment], self._moments)
                return
            if moment.used and (self.whole or moment.stamp >= piece.begin):
                frame = self._shown(moment.frame)
                yield self._reader(frame)(frame), moment._replace(frame=frame)

    def _timed(self, frames: Iterator[VideoFrame]) -> Iterator[_Moment]:
        timeline = self._timeline
        thinning = Thinning(self._fps, timeline.rate)
        for frame in frames:
            seconds = timeline.advance(frame)
            if timeline.end > self.limits.max_duration_s + GRACE_S:
                raise ClipTooLong(f"The clip is longer than {self.limits.max_duration_s:g} s. Upload a shorter one.")
            yield _Moment(frame, timeline.stamp, seconds, timeline.end, thinning.keeps(seconds))

    def _shown(self, frame: VideoFrame) -> VideoFrame:
        self._check_size(*self._display.size(frame))
        return self._display(frame)

    def _reader(self, frame: VideoFrame) -> LumaReader:
        size = frame.width, frame.height
        if size not in self._readers:
            width, height = self._grey.size
            self._readers[size] = self._kind(frame, pixels=width * height)
        return self._readers[size]

    def _decode(self, packets: list[VideoPacket]) -> Generator[VideoFrame]:
        """Yield the frames that can be decoded, but not all of those that thinning leaves out."""
        context, losses, timeline = self._stream.codec_context, self._losses, self._timeline
        unneeded, sure = timeline.unneeded(self._fps), timeline.sure
        # The frame that is shown last tells how long the clip is.
        stamps = [packet.pts for packet in packets if packet.pts in self._part]
        last = max((stamp for stamp in stamps if stamp is not None), default=None)
        skipped: set[int | None] = set()
        begun = drained = entering = False
        entered: int | None = None
        pixels = place = 0
        # Each packet is released once it is decoded.
        queue: deque[VideoPacket | None] = deque([*packets, None])
        packets.clear()
        while queue:
            ahead = self._entry[1] > place
            if ahead and drained:
                context.flush_buffers()
                entered, entry = self._entry
                for _ in range(entry - place):
                    self._pass(queue.popleft())
                timeline.enter(entered)
                place, drained, entering = entry, False, True
                continue
            packet = None if ahead else queue.popleft()
            place, drained = place + (not ahead), ahead
            stamp = packet.pts if packet else None
            if entered is not None and stamp is not None and stamp < entered:
                self._pass(packet)  # predicted from frames before the key frame
                continue
            # The decoder knows which frames others are predicted from, and decodes these all the same.
            inside = stamp in self._part
            skip = stamp in unneeded or self._part.may_skip(packet)
            skip = skip or (sure and stamp is not None and stamp < self._wanted and stamp != last)
            context.skip_frame = "NONREF" if skip else "DEFAULT"
            try:
                frames = context.decode(packet)
            except (av.error.PatchWelcomeError, av.error.DecoderNotFoundError) as error:
                raise UnsupportedCodec(
                    f"The clip's {context.name} video uses a feature that is not supported. H.264 in mp4 always works."
                ) from error
            except av.error.FFmpegError as error:
                if not begun:  # VP9 would refuse the key frame that follows, too
                    context.flush_buffers()
                self._part.lose(stamp)
                if inside and (packet is None or not packet.is_discard):
                    timeline.lose(stamp)
                    self._check_losses(losses.lose, error)
                continue
            if skip and inside:
                skipped.add(stamp)
            begun = True
            if packet:
                losses.resume()
            for frame in frames:
                pixels += frame.width * frame.height
                self._check_work(pixels)
                if not self._part.shows(frame):
                    continue
                skipped.discard(frame.pts)
                if frame.is_corrupt:  # the decoder made up what it could not decode
                    timeline.lose(frame.pts)
                    if entering:
                        losses.passed += 1
                    else:
                        self._check_losses(losses.lose)
                    continue
                entering = False
                if not losses.decoded and timeline.leading(frame):
                    losses.begin(timeline.leading(frame))
                    unneeded = set()
                losses.decoded += 1
                yield frame
        losses.skipped = len(skipped)
        self._check_losses(losses.check)

    def _pass(self, packet: "VideoPacket | None") -> None:
        if packet is not None and not packet.is_discard and packet.pts in self._part:
            self._losses.passed += 1

    def _check_work(self, pixels: int) -> None:
        if pixels * self._weight > self.limits.max_pixels:
            raise ClipTooLong(
                f"The clip's frames have {pixels * self._weight / 1e9:.1f} gigapixels in all, as much as they take to "
                f"decode; at most {self.limits.max_pixels / 1e9:g} are accepted. Upload a shorter or smaller one."
            )

    def _check_losses(self, check: Callable[[], None], cause: Exception | None = None) -> None:
        try:
            check()
        except TruncatedClip as error:
            context = self._stream.codec_context
            self._check_size(context.width, context.height)
            raise error from cause

    def _check_size(self, width: int, height: int) -> None:
        limits = self.limits
        accepted = f"at most {limits.max_width} x {limits.max_height} px are accepted."
        if not width or not height:  # the decoder sets a size beyond its own limit to zero
            raise ClipTooLarge(f"The clip's frames are too large or have no size; {accepted}")
        if max(width, height) > limits.max_width or min(width, height) > limits.max_height:
            raise ClipTooLarge(f"The clip is {width} x {height} px; {accepted}")


def _typical(path: Path, limits: VideoLimits, packets: Sequence[VideoPacket], shots: Shots | None) -> VideoFrame | None:
    """Return a frame of the size that the clip has for longest, if that changes; find the shots of a long clip."""
    keys = key_frames(packets, long=shots is not None)
    if len(keys) < 2:
        return None
    container, stream = open_clip(path, limits)
    with container:
        found = longest(_seen(decoded(stream.codec_context, keys), shots), packets[-1].pts)
        if shots is not None:
            shots.enterable &= shots.count == len(keys)
        return found


def _seen(
    keys: Iterator[tuple[VideoPacket, VideoFrame]], shots: Shots | None
) -> Iterator[tuple[VideoPacket, VideoFrame]]:
    for packet, frame in keys:
        if shots is not None and packet.pts is not None:
            shots.add(packet.pts, frame)
        yield packet, frame
