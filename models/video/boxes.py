"""Walks the boxes of mp4 and mov (ISO/IEC 14496-12, section 4.2) and the elements of Matroska (RFC 8794).

Only sizes are read; whatever they say, nothing is read twice and no walk goes beyond the end of the file.
"""

from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

SEGMENT: Final = b"\x18\x53\x80\x67"
CLUSTER: Final = b"\x1f\x43\xb6\x75"


class Box(NamedTuple):
    """One box or element; its content lies between `start` and `end`, bytes from the beginning of the file."""

    kind: bytes
    start: int
    end: int


def boxes(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two places; the last one may claim to end later."""
    while start + 8 <= end:
        file.seek(start)
        header = file.read(16)
        length, kind = int.from_bytes(header[:4], "big"), header[4:8]
        content = start + 8
        if length == 1:
            length, content = int.from_bytes(header[8:16], "big"), start + 16
        if length < 8:  # 0: extends to the end of the file; otherwise not a box
            break
        yield Box(kind, content, start + length)
        start += length


def elements(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """Yield the elements between two places; the last one may claim to end later.

    Live recordings leave the sizes of Segment and Cluster unknown: these have no content here, and what they hold
    follows them.
    """
    while start < end:
        file.seek(start)
        header = file.read(12)
        if not header:
            break
        id_length = 9 - header[0].bit_length()
        if id_length > 4 or len(header) <= id_length:
            break
        kind, first = header[:id_length], header[id_length]
        width = 9 - first.bit_length()
        if width > 8:
            break
        value = int.from_bytes(header[id_length : id_length + width], "big") & ((1 << 7 * width) - 1)
        start += id_length + width
        length = value
        if value == (1 << 7 * width) - 1:
            if kind not in (SEGMENT, CLUSTER):
                break
            length = 0
        yield Box(kind, start, start + length)
        start += length
