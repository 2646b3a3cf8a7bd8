"""The packets of a clip's video, all read before any is decoded.

So times, lengths and counts are those of the video itself, whatever headers and other tracks say, and a file that ends
too early is refused at once. The packets of a clip take no more memory than its file. Of an excerpt, only the packets
that it needs are kept; no index of a container is trusted to find them.
"""

from collections.abc import Sequence
from typing import TypeAlias

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from models.errors import ClipTooLarge, ClipTooLong, TruncatedClip
from models.video.demuxing import demux
from models.video.excerpt import WHOLE, Excerpt
from models.video.limits import VideoLimits
from models.video.selection import Selection
from models.video.strays import mended

VideoPacket: TypeAlias = "Packet[VideoStream]"  # generic for type checkers only

GRACE_S = 0.1
"""Seconds by which a clip may be longer than the limit: recordings of a minute are rarely exact."""

_PARTS = 20
"""A clip may have this many times the frames allowed for a part of it: reading takes time, too."""
_SHORTER = "Send a shorter clip, or choose a part of it with start and end."


def read_packets(
    container: InputContainer, stream: VideoStream, limits: VideoLimits, excerpt: Excerpt = WHOLE
) -> Selection:
    """Return the packets of a stream that an excerpt needs, in decoding order, without empty ones.

    Raises
    ------
    ClipTooLong
        If there are more than `limits.max_frames`, or the times of those shown span more than
        `limits.max_duration_s`; or if the file has far more packets than that.
    ClipTooLarge
        If they hold more bytes than a file may: those of some containers can share bytes.
    UnsupportedCodec
        If they are encrypted.
    TruncatedClip
        If the file ends in the middle of a packet, or before as many as its header lists.
    NoSuchPart
        If the clip ends before the excerpt begins.
    """
    kept = Selection(stream, excerpt)
    part = "The clip" if excerpt == WHOLE else "This part of the clip"
    last: VideoPacket | None = None
    size = 0
    try:
        for packet in mended(demux(container, stream), stream):
            if not packet.size:  # the end of the stream; decoded in the middle of a clip, it would flush the decoder
                continue
            if len(kept) == limits.max_frames:
                raise ClipTooLong(f"{part} has more than {limits.max_frames:,} frames. {_SHORTER}")
            if kept.count == _PARTS * limits.max_frames:
                raise ClipTooLong(f"The clip has more than {kept.count:,} frames. Send a shorter one.")
            size += packet.size
            if size > limits.max_bytes:
                raise ClipTooLarge(f"The clip's frames have more than {limits.max_bytes / 2**20:g} MiB in all.")
            last = packet
            kept.add(packet)
    except av.error.FFmpegError as error:
        raise _truncated(kept.count, "the rest cannot be read") from error
    if last is not None and last.is_corrupt:
        raise _truncated(kept.count - 1, "the file ends in the middle of a frame")
    # Only the header of mp4 and mov says how many frames there are.
    listed = len(stream.index_entries) if container.format.name == "mp4" else 0
    if kept.count < listed:
        raise _truncated(kept.count, f"its header lists {listed:,} frames")
    kept.finish()
    seconds = _span_s([packet for packet in shown(kept.packets) if packet.pts in kept], stream)
    if seconds > limits.max_duration_s + GRACE_S:
        raise ClipTooLong(
            f"{part} is {seconds:.1f} s long; at most {limits.max_duration_s:g} s are accepted. {_SHORTER}"
        )
    return kept


def shown(packets: Sequence[VideoPacket]) -> list[VideoPacket]:
    """Return the packets whose frames are shown: an edit list may hide others, which are decoded for their sake."""
    return [packet for packet in packets if not packet.is_discard]


def _span_s(packets: list[VideoPacket], stream: VideoStream) -> float:
    times = [(packet.pts, packet.pts + (packet.duration or 0)) for packet in packets if packet.pts is not None]
    if not times:
        return 0.0
    begins, ends = zip(*times, strict=True)
    return float((max(ends) - min(begins)) * (stream.time_base or 0))


def _truncated(packets: int, reason: str) -> TruncatedClip:
    return TruncatedClip(
        f"The clip is cut short or damaged after {packets:,} frames: {reason}. Send the complete file; if that is it, "
        "export the clip again."
    )
