"""Reads which part of the coded picture a container declares to be shown; FFmpeg's decoders do not apply it."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from models.video.boxes import SEGMENT, Box, boxes, elements

_TRACKS: Final = b"\x16\x54\xae\x6b"
_TRACK_ENTRY: Final = b"\xae"
_TRACK_TYPE: Final = b"\x83"
_VIDEO: Final = b"\xe0"
_PIXEL_CROPS: Final = (b"\x54\xcc", b"\x54\xdd", b"\x54\xbb", b"\x54\xaa")
_SAMPLE_ENTRY: Final = 78
"""Bytes in front of the boxes of a sample entry of video (ISO/IEC 14496-12, section 12.1.3)."""
_MOST: Final = 10_000
"""Boxes or elements that are looked at in each other one; a crop behind them is not found."""


class Crop(NamedTuple):
    """px to cut off at each side."""

    left: int = 0
    right: int = 0
    top: int = 0
    bottom: int = 0


def declared_crop(path: Path, demuxer: str, size: tuple[int, int], *, track: int, number: int) -> Crop:
    """Return what the container cuts off the pictures of a track: by a clean aperture in mp4, a crop in Matroska.

    Parameters
    ----------
    path : Path
    demuxer : str
        As `models.video.container.recognise` returns it; only mp4 and Matroska can declare a crop.
    size : tuple of int
        (width, height) px of the coded pictures. A crop that leaves nothing of them does not count.
    track : int
        The track's ID, in mp4.
    number : int
        How many video tracks come before it, in Matroska.
    """
    with path.open("rb") as file:
        whole = Box(b"", 0, file.seek(0, 2))
        if demuxer == "mp4":
            crop = _clean_aperture(file, whole, track, size)
        elif demuxer == "matroska":
            crop = _pixel_crop(file, whole, number)
        else:
            return Crop()
    width, height = size
    fits = min(crop) >= 0 and crop.left + crop.right < width and crop.top + crop.bottom < height
    return crop if fits else Crop()


def _clean_aperture(file: BinaryIO, whole: Box, track: int, size: tuple[int, int]) -> Crop:
    """Return the crop by the box clap (ISO/IEC 14496-12, section 12.1.4)."""
    for trak in _below(boxes, file, whole, b"moov", b"trak"):
        header = next((_content(file, box) for box in _below(boxes, file, trak, b"tkhd")), b"")
        place = 20 if header[:1] == b"\1" else 12
        if int.from_bytes(header[place : place + 4], "big") != track:
            continue
        for table in _below(boxes, file, trak, b"mdia", b"minf", b"stbl", b"stsd"):
            for entry in islice(boxes(file, table.start + 8, table.end), 1):
                inside = entry._replace(start=entry.start + _SAMPLE_ENTRY)
                for clap in _below(boxes, file, inside, b"clap"):
                    return _aperture(_content(file, clap), size)
    return Crop()


def _aperture(content: bytes, size: tuple[int, int]) -> Crop:
    numbers = [int.from_bytes(content[place : place + 4], "big", signed=True) for place in range(0, 32, 4)]
    if min(numbers[1::2]) <= 0:
        return Crop()
    width, height, right, down = (above / below for above, below in zip(numbers[::2], numbers[1::2], strict=True))
    edges: list[int] = []
    for length, shown, offset in zip(size, (width, height), (right, down), strict=True):
        # The offset is that of the centre of what is shown from the centre of the picture.
        before = round(offset + (length - shown) / 2)
        edges += [before, length - before - round(shown)]
    return Crop(*edges)


def _pixel_crop(file: BinaryIO, whole: Box, number: int) -> Crop:
    """Return the crop by PixelCropLeft and its like (RFC 9559, section 5.1.4.1.28)."""
    for segment in _below(elements, file, whole, SEGMENT):
        # A live recording leaves the size of its segment unknown: what is in it follows.
        inside = segment if segment.end > segment.start else whole._replace(start=segment.start)
        tracks = [
            entry
            for entry in _below(elements, file, inside, _TRACKS, _TRACK_ENTRY)
            if [_number(file, kind) for kind in _below(elements, file, entry, _TRACK_TYPE)] == [1]
        ]
        for video in _below(elements, file, tracks[number], _VIDEO) if number < len(tracks) else ():
            sides = ([_number(file, box) for box in _below(elements, file, video, side)] for side in _PIXEL_CROPS)
            return Crop(*(side[0] if side else 0 for side in sides))
    return Crop()


def _below(
    walk: Callable[[BinaryIO, int, int], Iterator[Box]], file: BinaryIO, parent: Box, *path: bytes
) -> Iterator[Box]:
    """Yield the boxes, or elements, that lie at a path of kinds below another one."""
    for box in islice(walk(file, parent.start, parent.end), _MOST):
        if box.kind == path[0]:
            inside = box._replace(end=min(box.end, parent.end))
            if len(path) == 1:
                yield inside
            else:
                yield from _below(walk, file, inside, *path[1:])


def _content(file: BinaryIO, box: Box) -> bytes:
    file.seek(box.start)
    return file.read(min(box.end - box.start, 64))


def _number(file: BinaryIO, box: Box) -> int:
    return int.from_bytes(_content(file, box)[:8], "big")
