"""Files that nobody should send: crafted ones, and good ones damaged at random, by seed."""

import random
import struct
from collections.abc import Iterator
from pathlib import Path

from tests.clips import (
    WAYS,
    drifting,
    insert_box,
    jpeg,
    mux_tracks,
    still,
    write,
    write_audio,
    write_empty,
    write_huge,
    write_jpegs,
    write_playlist,
    write_way,
)

KINDS = ("hls", "ffconcat", "dash")
_BOXES = (b"moov", b"trak", b"mdia", b"stbl", b"stsz", b"stco", b"stts", b"stsc", b"mdat", b"avcC", b"tkhd", b"ftyp")


def corpus(folder: Path, count: int, targets: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield `count` files with what they are: first each crafted one, then mutants; playlists name `targets`."""
    crafted = list(_crafted(folder, targets))
    yield from crafted[:count]
    whole = [(name, write_way(folder, name, drifting(20, (96, 64))).read_bytes()) for name in WAYS]
    dice = random.Random(0)
    for number in range(count - len(crafted)):
        name, clip = dice.choice(whole)
        mutation = dice.choice((_cut, _flip, _flip_header, _splice, _repeat, _zero, _lie))
        yield f"{mutation.__name__[1:]} {number} of {name}", mutation(clip, dice)


def _crafted(folder: Path, targets: list[str]) -> Iterator[tuple[str, bytes]]:
    yield from {
        "byte": b"\0",
        "text": b"hello " * 999,
        "zeros": bytes(99_999),
        "noise": random.Random(1).randbytes(9999),
    }.items()
    for kind in KINDS:
        for target in targets:
            yield f"{kind} of {target}", write_playlist(folder / "list.mp4", target, kind=kind).read_bytes()
    for size in ((10_000, 10_000), (65_500, 16), (16, 65_500), (3841, 2161)):
        for suffix in (".mkv", ".avi", ".mov"):
            yield f"bomb of {size} in {suffix}", write_huge(folder / f"bomb{suffix}", size).read_bytes()
    for fps in (1, 2, 5, 120, 240, 1000):
        frames = drifting(max(4, min(40, fps)), (96, 64))
        yield f"{fps} fps", write(folder / "rate.mp4", frames, fps=fps).read_bytes()
    small, large = jpeg((96, 64)), jpeg((320, 240))
    for name, pictures in {
        "small and large": [small, large] * 10,
        "one large": [*[small] * 15, large, *[small] * 5],
        "a huge one": [*[small] * 15, jpeg((96, 64), claimed=(60_000, 60_000)), *[small] * 5],
        "one broken": [*[small] * 15, small[:200], *[small] * 5],
    }.items():
        for suffix in (".mkv", ".avi", ".mov"):
            yield f"pictures, {name}, in {suffix}", write_jpegs(folder / f"p{suffix}", pictures, (96, 64)).read_bytes()
    yield from _switching(folder)
    for degrees in (90, 180, 270):
        clip = write(folder / "turned.mp4", drifting(20, (96, 64)), rotation=degrees)
        yield f"rotated by {degrees}", clip.read_bytes()
    for suffix in (".mp4", ".mov", ".mkv", ".webm", ".flv", ".ts"):
        yield f"sound alone in {suffix}", write_audio(folder / f"sound{suffix}").read_bytes()
    for suffix in (".mp4", ".mov", ".mkv"):
        yield f"no frame in {suffix}", write_empty(folder / f"empty{suffix}").read_bytes()
    for suffix in (".mp4", ".webm", ".avi", ".flv", ".ts"):
        yield f"still in {suffix}", write(folder / f"still{suffix}", still(20, (96, 64))).read_bytes()
    yield from _shown_otherwise(folder)
    yield "61 s", write(folder / "long.mp4", still(610, (64, 64)), fps=10).read_bytes()
    yield "one frame", write(folder / "one.mp4", still(1, (96, 64))).read_bytes()
    good = write(folder / "good.mp4", drifting(20, (96, 64))).read_bytes()
    yield "script after a clip", good + b"<script>alert(1)</script>"
    yield "clip after a text", b"#EXTM3U\n" + good
    for depth in (1, 1000):
        yield (
            f"box in box, {depth} deep",
            good[:32] + b"".join(struct.pack(">I4s", 8 * n, b"moov") for n in range(depth, 0, -1)),
        )


def _shown_otherwise(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Clips whose containers ask for much: a giant picture of few pixels, borders, tracks, frames, blocks."""
    good = write(folder / "plain.mp4", drifting(20, (96, 64)))
    entry = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1")
    whole = good.read_bytes().replace(b"pasp", b"free")
    for across, down in ((2, 1), (1, 1000), (1000, 1), (2**31 - 1, 1), (1, 2**31 - 1), (1, 0), (-1, 1)):
        yield f"pixels of {across}:{down}", insert_box(whole, entry, struct.pack(">I4sii", 16, b"pasp", across, down))
    for numbers in ((64, 1, 32, 1, 0, 1, 0, 1), (1, 1, 1, 1, 0, 1, 0, 1), (-1, 0, 2**31 - 1, -1, -(2**31), 1, 0, 0)):
        box = struct.pack(">I4s8i", 40, b"clap", *numbers)
        yield f"aperture {numbers}", insert_box(good.read_bytes(), entry, box)
    yield "clap in clap", insert_box(good.read_bytes(), entry, struct.pack(">I4s", 8, b"clap") * 99_999)
    for count in (2, 40):
        for suffix in (".mp4", ".mkv"):
            yield f"{count} tracks in {suffix}", mux_tracks(folder / f"tracks{suffix}", *[good] * count).read_bytes()
    keys = {"encryption_key": bytes(16).hex(), "encryption_kid": bytes(16).hex()}
    encryption = {"encryption_scheme": "cenc-aes-ctr", **keys}
    yield "encrypted", write(folder / "locked.mp4", drifting(20, (96, 64)), muxing=encryption).read_bytes()
    gif = write(folder / "small.gif", drifting(20, (96, 64)), pix_fmt="gray", full_range=True).read_bytes()
    for side in (4000, 65_535):
        yield f"gif of {side} px", gif[:6] + struct.pack("<HH", side, side) + gif[10:]
    first = gif.index(b"\x21\xf9\x04")
    frame = gif[first : gif.index(b"\x21\xf9\x04", first + 1)]
    yield "gif of too many frames", gif[:first] + frame * 4000 + b"\x3b"
    yield "gif of tiny blocks", gif[:first] + b"\x21\xfe" + b"\x01x" * 10**6 + b"\0" + gif[first:]
    yield "endless gif", gif[:first] + b"\x21\xfe" + b"\xff" * 10**6
    yield "flv of empty tags", b"FLV\1\5\0\0\0\x09\0\0\0\0" + (b"\x09" + bytes(10) + b"\0\0\0\x0b") * 10**5
    yield "flv without tags", b"FLV\1\5\xff\xff\xff\xff"
    yield "ts of null packets", (b"\x47\x1f\xff\x10" + b"\xff" * 184) * 10_000
    yield "text that looks like ts", b"G" * 10**6


def _switching(folder: Path) -> Iterator[tuple[str, bytes]]:
    """H.264 whose picture size or pixel format, and with it the profile, changes in mid-stream."""
    options = {"preset": "ultrafast", "qp": "8", "x264-params": "repeat-headers=1:annexb=1"}
    for size, pix_fmt in (((128, 96), "yuv420p"), ((96, 64), "yuv444p"), ((96, 64), "yuv420p10le")):
        for suffix in (".mkv", ".avi"):
            parts = [
                write(folder / f"{name}{suffix}", drifting(15, sides), codec="libx264", options=options, pix_fmt=pixels)
                for name, sides, pixels in (("first", (96, 64), "yuv420p"), ("second", size, pix_fmt))
            ]
            yield f"to {size} {pix_fmt} in {suffix}", _joined(folder / f"joined{suffix}", *parts)


def _joined(path: Path, first: Path, second: Path) -> bytes:
    """The packets of two clips in the stream of the first."""
    import av

    with av.open(str(path), "w") as target, av.open(str(first)) as one, av.open(str(second)) as other:
        stream = target.add_stream_from_template(one.streams.video[0])
        number = 0
        for source in (one, other):
            for packet in source.demux(source.streams.video[0]):
                if packet.dts is not None:
                    packet.stream = stream
                    packet.pts = packet.dts = round(number / 30 / stream.time_base)  # type: ignore[operator]
                    target.mux(packet)
                    number += 1
    return path.read_bytes()


def _cut(clip: bytes, dice: random.Random) -> bytes:
    return clip[: dice.randrange(1, len(clip))]


def _flip(clip: bytes, dice: random.Random) -> bytes:
    damaged = bytearray(clip)
    for _ in range(dice.choice((1, 8, 64, 512))):
        damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
    return bytes(damaged)


def _flip_header(clip: bytes, dice: random.Random) -> bytes:
    """Flip bits where the containers say what is to come: at either end."""
    damaged = bytearray(clip)
    for _ in range(dice.choice((1, 4, 16))):
        place = dice.randrange(min(2000, len(damaged)))
        damaged[dice.choice((place, -1 - place))] ^= 1 << dice.randrange(8)
    return bytes(damaged)


def _splice(clip: bytes, dice: random.Random) -> bytes:
    """Take a piece out and put it in elsewhere."""
    start, place = dice.randrange(len(clip)), dice.randrange(len(clip))
    piece = clip[start : start + dice.randrange(1, 4000)]
    rest = clip.replace(piece, b"", 1)
    return rest[:place] + piece + rest[place:]


def _repeat(clip: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(clip))
    end = start + dice.randrange(1, 400)
    return clip[:end] + clip[start:end] * dice.randrange(1, 50) + clip[end:]


def _zero(clip: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(clip))
    length = min(dice.randrange(1, 4000), len(clip) - start)
    return clip[:start] + bytes((dice.choice((0, 255)),)) * length + clip[start + length :]


def _lie(clip: bytes, dice: random.Random) -> bytes:
    """Change the size or the counts that a box announces; where there are no boxes, any four bytes."""
    damaged = bytearray(clip)
    places = [place for box in _BOXES if (place := clip.find(box)) >= 4]
    place = dice.choice(places) + dice.choice((-4, 8, 12)) if places else dice.randrange(len(clip) - 4)
    damaged[place : place + 4] = struct.pack(">I", dice.choice((0, 1, 7, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)))
    return bytes(damaged)
