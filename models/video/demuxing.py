"""Takes the packets of a track out of its container: refuses encrypted ones, and corrects what FFmpeg says of times."""

from collections.abc import Iterator
from typing import Final

from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from models.errors import UnsupportedCodec

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
    gif = container.format.name == "gif"
    time = 0
    for packet in container.demux(stream):
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
        yield packet


def exact_end(stream: VideoStream) -> int | None:
    """Return when the last frame goes, in the stream's time base, if the container knows: only mp4 does.

    Others do not say how long a frame is shown, and decoders guess: that of VP9 by the first two frames, for example.
    """
    if stream.container.format.name != "mp4" or not stream.duration:
        return None
    return (stream.start_time or 0) + stream.duration
