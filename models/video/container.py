"""Container detection: which container a file is, by its first bytes, and whether it is complete.

Left to itself, FFmpeg would guess among hundreds of formats by name and content, including playlists that open other
files. Here the first bytes decide, and the file is opened with no other demuxer.
"""

from pathlib import Path

from models.errors import EmptyClip, NotAVideo, TruncatedClip, UnsupportedContainer
from models.video.completeness import needed_bytes, packet_size

CONTAINERS = ("mp4", "mov", "3gp", "webm", "mkv", "avi", "flv", "ts", "gif")
"""The containers that are accepted, by their usual suffixes."""
MEDIA_TYPES = (
    "video/mp4",
    "application/mp4",
    "video/quicktime",
    "video/3gpp",
    "video/webm",
    "video/x-matroska",
    "video/x-msvideo",
    "video/x-flv",
    "video/mp2t",
    "image/gif",
)
"""Their media types. None of them decides anything: what a file is, its first bytes say."""

_ACCEPTED = "Upload a clip in " + ", ".join(CONTAINERS[:-1]) + " or " + CONTAINERS[-1]
_MP4_FIRST = {b"ftyp", b"moov", b"wide", b"free", b"skip", b"styp", b"moof", b"pnot"}
# ISO/IEC 23008-12, annexes B to E, and the AV1 Image File Format: pictures, and sequences of them such as bursts.
_STILL_BRANDS = {b"avif", b"mif1", b"mif2", b"miaf", b"heic", b"heix", b"heim", b"heis", b"avci", b"jpeg", b"vvic"}
_SEQUENCE_BRANDS = {b"avis", b"msf1", b"hevc", b"hevx", b"hevm", b"hevs", b"avcs", b"jpgs", b"vvis"}
_OTHERS = (
    (0, b"\x89PNG", "a PNG image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"II*\0", "a TIFF image"),
    (0, b"MM\0*", "a TIFF image"),
    (8, b"WEBP", "a WebP image"),
    (8, b"WAVE", "WAV audio"),
    (0, b"RIFF", "a RIFF file other than AVI"),
    (0, b"OggS", "an Ogg file"),
    (0, b"fLaC", "FLAC audio"),
    (0, b"ID3", "MP3 audio"),
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
    """Return FFmpeg's demuxer for a clip.

    It is ``mp4`` (also for mov and 3gp), ``matroska`` (also for webm), ``avi``, ``flv``, ``mpegts`` or ``gif``.

    Raises
    ------
    EmptyClip
        If it has no bytes.
    NotAVideo
        If the first bytes are not those of a media file.
    UnsupportedContainer
        If they are those of a media file that is none of `CONTAINERS`.
    TruncatedClip
        If the sizes in the container extend beyond the end of the file.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        head = file.read(1024)
        demuxer = _demuxer(head)
        needed = needed_bytes(demuxer, file, size)
    if needed > size:
        raise TruncatedClip(
            f"The clip is cut short: its container should hold at least {needed:,} bytes, but the file ends "
            f"after {size:,}. Send the complete file."
        )
    return demuxer


def _demuxer(head: bytes) -> str:
    if not head:
        raise EmptyClip(f"The file is empty: it has 0 bytes. {_ACCEPTED}.")
    # Any first box but mdat is small, so its size starts with a zero byte: text cannot pass for one.
    if head[4:8] == b"mdat" or (head[0] == 0 and head[4:8] in _MP4_FIRST):
        brand = head[8:12] if head[4:8] == b"ftyp" else b""
        if brand in _STILL_BRANDS:
            raise UnsupportedContainer(f"The file is a HEIF or AVIF image. {_ACCEPTED}.")
        if brand in _SEQUENCE_BRANDS:
            raise UnsupportedContainer(f"The file is a sequence of HEIF or AVIF images, not a video. {_ACCEPTED}.")
        return "mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        if b"webm" in head[:64] or b"matroska" in head[:64] or len(head) < 64:
            return "matroska"
        raise UnsupportedContainer(f"The file is EBML, but neither Matroska nor WebM. {_ACCEPTED}.")
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "avi"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head.startswith(b"FLV\x01"):
        return "flv"
    if packet_size(head):
        return "mpegts"
    if head.startswith(b"RIFF") and head[8:16] == b"WEBPVP8X" and head[20:21] and head[20] & 2:
        raise UnsupportedContainer(f"The file is an animated WebP image. {_ACCEPTED}.")
    for offset, magic, name in _OTHERS:
        if head.startswith(magic, offset):
            raise UnsupportedContainer(f"The file is {name}. {_ACCEPTED}.")
    if head[0] == 0xFF and head[1:2] and head[1] in (0xF1, 0xF2, 0xF3, 0xF9, 0xFA, 0xFB):
        raise UnsupportedContainer(f"The file is MPEG audio. {_ACCEPTED}.")
    if head.startswith(b"\x1f\x8b"):
        raise NotAVideo(f"The file is compressed with gzip. Decompress it first. {_ACCEPTED}.")
    raise NotAVideo(f"The file is not a video: its first bytes match no known container. {_ACCEPTED}.")
