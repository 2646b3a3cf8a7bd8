"""Tells from the sizes that a container announces whether its file is complete."""

import mmap
from typing import BinaryIO, Final

from models.video.boxes import boxes, elements

_GIF_HEADER: Final = 13
_TS_PACKETS: Final = ((0, 188), (4, 192), (0, 204))
"""Where the first 0x47 of a transport stream is, and from there to the next: plain; with time codes; with parity."""


def needed_bytes(demuxer: str, file: BinaryIO, size: int) -> int:
    """Return how many bytes a clip of `size` bytes should at least have; more than `size` if it is cut short.

    Parameters
    ----------
    demuxer : str
        FFmpeg's name of the container, as `models.video.container.recognise` returns it.
    file : BinaryIO
        The whole clip, to be read at any place.
    size : int
    """
    ends = {"mp4": _mp4, "matroska": _matroska, "avi": _avi, "flv": _flv, "mpegts": _mpegts, "gif": _gif}
    return ends[demuxer](file, size)


def packet_size(head: bytes) -> tuple[int, int] | None:
    """Return where the first packet of an MPEG transport stream starts, and how many bytes each one takes.

    None if these are not the first bytes of one (ISO/IEC 13818-1, section 2.4.3.2: each packet begins with 0x47).
    """
    for start, step in _TS_PACKETS:
        marks = head[start::step]
        if len(marks) > 1 and not marks.strip(b"\x47"):
            return start, step
    return None


def _mp4(file: BinaryIO, size: int) -> int:
    kind, end = b"", 0
    for kind, _, end in boxes(file, 0, size):
        if end > size:
            # Some writers leave garbage after the last box: it says nothing about the size.
            return end if kind in (b"moov", b"mdat", b"moof", b"mfra") else size
    return end + 8 if kind == b"moof" else size  # a fragment's header must be followed by its data


def _matroska(file: BinaryIO, size: int) -> int:
    return max((end for _, _, end in elements(file, 0, size)), default=0)


def _avi(file: BinaryIO, size: int) -> int:
    """Return where the last chunk ends (OpenDML 1.02: large files are a sequence of RIFF chunks).

    The sizes of RIFF chunks are left out: some writers count the header as well, some never fill them in. The chunks in
    them tell how much there should be.
    """
    position = 0
    while position + 8 <= size:
        file.seek(position)
        kind, length = file.read(4), int.from_bytes(file.read(4), "little")
        if kind == b"RIFF":
            position += 12
            continue
        if length in (0, 0xFFFFFFFF):  # left unknown by live recordings
            break
        end = position + 8 + length
        if end > size:
            counts_header = kind == b"LIST" and end - 8 <= size
            return end if kind in (b"LIST", b"idx1", b"JUNK") and not counts_header else size
        position = end + length % 2
    return size


def _flv(file: BinaryIO, size: int) -> int:
    """Return where the last tag ends (Adobe Flash Video File Format Specification 10.1, annex E)."""
    file.seek(5)
    position = int.from_bytes(file.read(4), "big") + 4
    while position < size:
        file.seek(position)
        header = file.read(11)
        if header[0] & 0x1F not in (8, 9, 18) or any(header[8:]):  # not a tag: garbage after the last one
            return size
        # After the content, the size of the tag is told once more.
        position += 11 + int.from_bytes(header[1:4], "big") + 4
    return position


def _mpegts(file: BinaryIO, size: int) -> int:
    file.seek(0)
    start, step = packet_size(file.read(1024)) or (0, 188)
    whole = size // step * step
    file.seek(whole + start)
    return whole + step if file.read(1) == b"\x47" else size


def _gif(file: BinaryIO, size: int) -> int:
    """Return where the last block ends (GIF89a specification); nothing is lost where only the trailer is missing."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:

        def table(flags: int) -> int:
            return 3 << (flags & 7) + 1 if flags & 0x80 else 0

        def after(position: int) -> int:
            # The end of a chain of blocks, each with its length in front, the last one empty.
            while position < size and data[position]:
                position += 1 + data[position]
            return position + 1

        if size < _GIF_HEADER:
            return _GIF_HEADER
        position = _GIF_HEADER + table(data[10])
        while position < size:
            if data[position] == 0x21:
                position = after(position + 2)
            elif data[position] == 0x2C:
                if position + 10 > size:
                    return position + 10
                position = after(position + 11 + table(data[position + 9]))
            else:  # the trailer, or garbage after the last block
                return size
        return position
