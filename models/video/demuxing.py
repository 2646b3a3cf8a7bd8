"""Takes the packets of a track out of its container: refuses encrypted ones, and corrects what FFmpeg says of times."""

from collections.abc import Iterator
from typing import Final

from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from models.errors import UnsupportedCodec

ROUNDING_S: Final = 0.002
"""Edit lists count in units of the whole film, 1 / 1000 s or 1 / 600 s as a rule."""

_SHORTEST_DELAY: Final = 2
_USUAL_DELAY: Final = 10


def demux(container: InputContainer, stream: VideoStream) -> "Iterator[Packet[VideoStream]]":
    """Yield the packets of a stream, those of a GIF with the times at which browsers show them.

    Raises
    ------
    UnsupportedCodec
        At the first packet that is encrypted.
    """
    # CENC says so for each packet; Matroska only in its header, which FFmpeg turns into a tag.
    encrypted = "enc_key_id" in stream.metadata
    gif, avi = container.format.name == "gif", container.format.name == "avi"
    time = 0
    for packet in _packets(container, stream):
        if encrypted or packet.has_sidedata("encryption_info"):
            raise UnsupportedCodec(
                "The clip is encrypted: it is protected by DRM, so only licensed players can show it. "
                "Upload a clip without copy protection."
            )
        if gif and packet.size:
            # In hundredths of a second. Browsers show a frame of no delay, or of a single one, for ten. FFmpeg has
            # options for this, which do nothing (findings/ffmpeg-gif-delay-options.sh).
            if packet.duration is None or packet.duration < _SHORTEST_DELAY:
                packet.duration = _USUAL_DELAY
            packet.pts = packet.dts = time
            time += packet.duration
        if avi:  # has no times of display: FFmpeg guesses them, if it says any
            packet.pts = packet.dts
        yield packet


def _packets(container: InputContainer, stream: VideoStream) -> "Iterator[Packet[VideoStream]]":
    try:
        yield from container.demux(stream)
    except IndexError:
        # A transport stream has got another track on its way, as damaged ones do: after the last packet, PyAV 18 looks
        # for the end of that track, too.
        return


def told_end(stream: VideoStream) -> float | None:
    """Return when the last frame goes, s in the stream's times, if the container knows: only mp4 does.

    Others do not say how long a frame is shown, and what FFmpeg says of a packet is a guess: for VP9, also in mp4,
    by the first two frames. Right to `ROUNDING_S`.
    """
    if stream.container.format.name != "mp4" or not stream.duration or not stream.time_base:
        return None
    return float(((stream.start_time or 0) + stream.duration) * stream.time_base)
