"""Container detection: which of five containers a file is, by its first bytes, and whether it is complete.

Left to itself, FFmpeg would guess among hundreds of formats by name and content, including playlists that open other
files. Here the first bytes decide, and the file is opened with no other demuxer.
"""

from pathlib import Path
from typing import BinaryIO

from models.errors import NotAVideo, TruncatedClip, UnsupportedContainer

CONTAINERS = ("mp4", "mov", "webm", "mkv", "avi")

_ACCEPTED = "Upload a clip in " + ", ".join(CONTAINERS[:-1]) + " or " + CONTAINERS[-1]
_MP4_FIRST = {b"ftyp", b"moov", b"wide", b"free", b"skip", b"styp", b"moof", b"pnot"}
_STILL_BRANDS = {b"avif", b"heic", b"heix", b"mif1"}
_OTHERS = (
    (0, b"\x89PNG", "a PNG image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"GIF8", "a GIF image"),
    (0, b"II*\0", "a TIFF image"),
    (0, b"MM\0*", "a TIFF image"),
    (8, b"WEBP", "a WebP image"),
    (8, b"WAVE", "WAV audio"),
    (0, b"RIFF", "a RIFF file other than AVI"),
    (0, b"OggS", "an Ogg file"),
    (0, b"fLaC", "FLAC audio"),
    (0, b"ID3", "MP3 audio"),
    (0, b"FLV", "a Flash video"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media file"),
    (0, b".RMF", "a RealMedia file"),
    (0, b"\0\0\1\xba", "an MPEG program stream"),
    (0, b"\0\0\1\xb3", "an MPEG video stream"),
    (0, b"\0\0\0\1\x67", "a raw H.264 stream"),
    (0, b"DKIF", "an IVF file"),
    (0, b"\x06\x0e\x2b\x34", "an MXF file"),
    (0, b"YUV4MPEG2", "a YUV4MPEG file"),
)


def recognise(path: Path) -> str:
    """Return FFmpeg's demuxer for a clip: ``mp4`` (also for mov), ``matroska`` (also for webm) or ``avi``.

    Raises
    ------
    NotAVideo
        If the first bytes are not those of a media file.
    UnsupportedContainer
        If they are those of a media file other than mp4, mov, webm, mkv or avi.
    TruncatedClip
        If the sizes in the container extend beyond the end of the file.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        head = file.read(512)
        demuxer = _demuxer(head)
        end = {"mp4": _mp4_end, "matroska": _matroska_end, "avi": _avi_end}[demuxer](file, size)
    if end > size:
        raise TruncatedClip(
            f"The clip is cut short: its container should hold {end:,} bytes, but the file ends after {size:,}. "
            "Upload the complete file."
        )
    return demuxer


def _demuxer(head: bytes) -> str:
    if not head:
        raise NotAVideo(f"The file is empty. {_ACCEPTED}.")
    # Any first box but mdat is small, so its size starts with a zero byte: text cannot pass for one.
    if head[4:8] == b"mdat" or (head[0] == 0 and head[4:8] in _MP4_FIRST):
        if head[4:8] == b"ftyp" and head[8:12] in _STILL_BRANDS:
            raise UnsupportedContainer(f"The file is a HEIF or AVIF image. {_ACCEPTED}.")
        return "mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        if b"webm" in head[:64] or b"matroska" in head[:64] or len(head) < 64:
            return "matroska"
        raise UnsupportedContainer(f"The file is EBML, but neither Matroska nor WebM. {_ACCEPTED}.")
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "avi"
    for offset, magic, name in _OTHERS:
        if head.startswith(magic, offset):
            raise UnsupportedContainer(f"The file is {name}. {_ACCEPTED}.")
    if _is_transport_stream(head):
        raise UnsupportedContainer(f"The file is an MPEG transport stream. {_ACCEPTED}.")
    if head[0] == 0xFF and head[1:2] and head[1] in (0xF1, 0xF2, 0xF3, 0xF9, 0xFA, 0xFB):
        raise UnsupportedContainer(f"The file is MPEG audio. {_ACCEPTED}.")
    raise NotAVideo(f"The file is not a video: its first bytes match no known container. {_ACCEPTED}.")


def _is_transport_stream(head: bytes) -> bool:
    # Packets of 188 bytes, each starting with 0x47; or of 192, each with a time code of 4 bytes before that.
    return any(
        len(head) > start + step and head[start] == head[start + step] == 0x47 for start, step in ((0, 188), (4, 192))
    )


def _mp4_end(file: BinaryIO, size: int) -> int:
    """Return where the last box that holds video ends (ISO/IEC 14496-12, section 4.2)."""
    position, kind = 0, b""
    while position + 8 <= size:
        file.seek(position)
        header = file.read(16)
        length, kind = int.from_bytes(header[:4], "big"), header[4:8]
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        if length < 8:  # 0: extends to the end of the file; otherwise not a box
            break
        if position + length > size:
            # Some writers leave garbage after the last box: it says nothing about the size.
            return position + length if kind in (b"moov", b"mdat", b"moof", b"mfra") else size
        position += length
    return position + 8 if kind == b"moof" else size  # a fragment's header must be followed by its data


def _matroska_end(file: BinaryIO, size: int) -> int:
    """Return where the last element ends (RFC 8794); live recordings leave the sizes of the outer ones unknown."""
    position = 0
    while position < size:
        file.seek(position)
        header = file.read(12)
        id_length = 9 - header[0].bit_length()
        if id_length > 4 or len(header) <= id_length:
            break
        first = header[id_length]
        width = 9 - first.bit_length()
        value = int.from_bytes(header[id_length : id_length + width], "big") & ((1 << 7 * width) - 1)
        position += id_length + width
        if width > 8:
            break
        if value != (1 << 7 * width) - 1:
            position += value
        elif header[:id_length] not in (b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75"):  # Segment, Cluster
            break
    return position


def _avi_end(file: BinaryIO, size: int) -> int:
    """Return where the last RIFF chunk ends (OpenDML 1.02: large files are a sequence of them)."""
    position = 0
    while position + 8 <= size:
        file.seek(position)
        kind, length = file.read(4), int.from_bytes(file.read(4), "little")
        if kind != b"RIFF" or length in (0, 0xFFFFFFFF):  # left unknown by live recordings
            break
        if position + 8 + length > size:
            return position + 8 + length
        position += 8 + length + length % 2
    return size
