"""Opens a clip with FFmpeg (PyAV), and selects the video that a player would show."""

from collections.abc import Callable
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Discard
from av.video.stream import VideoStream

from models.errors import NoVideoStream, TruncatedClip, UnsupportedCodec
from models.video.container import recognise
from models.video.limits import VideoLimits
from models.video.tracks import video_track


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
            "The clip's header cannot be read: the file is cut short or damaged. Send the complete file; if that is "
            "it, export the clip again."
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
