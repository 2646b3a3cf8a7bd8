"""Chooses, of several video tracks, the one that a player would show."""

from collections import Counter
from collections.abc import Callable
from itertools import islice
from typing import Final

from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.stream import VideoStream

_STILL_IMAGES: Final = Disposition.attached_pic | Disposition.timed_thumbnails
_PACKETS: Final = 20_000
"""Packets that are counted at most."""


def video_track(container: InputContainer, reopen: Callable[[], InputContainer]) -> VideoStream | None:
    """Return the track to show, or None if there is no video: cover images do not count.

    It is one that can be decoded, that the container shows by default, that moves, and with the most picture: pixels
    times frames.

    Parameters
    ----------
    container : InputContainer
        Nothing is read from it.
    reopen : callable
        Opens the same clip once more. Where there are several tracks, their frames are counted in it.
    """
    tracks = [track for track in container.streams.video if not track.disposition & _STILL_IMAGES]
    if len(tracks) < 2:
        return tracks[0] if tracks else None
    frames: Counter[int] = Counter()
    with reopen() as counted:
        try:
            for packet in islice(counted.demux([counted.streams[track.index] for track in tracks]), _PACKETS):
                frames[packet.stream_index] += packet.size > 0
        except FFmpegError:  # what could be counted must do; whoever decodes the track will say what is wrong
            pass

    def preference(track: VideoStream) -> tuple[bool, bool, bool, int]:
        if track.codec_context is None:
            return False, False, False, 0
        default = bool(track.disposition & Disposition.default)
        count = frames[track.index]
        return True, default, count > 1, count * track.codec_context.width * track.codec_context.height

    return max(tracks, key=preference)
