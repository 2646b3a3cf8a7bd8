"""Clips as no encoder writes them: packets with other times, some left out, beside other tracks, of changing size."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from av.stream import Disposition
from hypothesis import strategies as st

from tests import clips

FRAMES: Final = 48
"""Of each source."""
SIZES: Final = {"wide": (96, 64), "high": (64, 112)}
_CLOCK: Final = 90_000
_RAW: Final = {"preset": "veryfast", "qp": "12", "g": "12"}

# Name -> how to encode it, in which containers it is put, and whether its size may change.
_CODECS: Final[Mapping[str, tuple[str, dict[str, Any], tuple[str, ...], bool]]] = {
    "h264": (".h264", {"codec": "libx264", "options": {**_RAW, "bf": "0"}}, ("mp4", "mov", "mkv", "ts", "flv"), True),
    "h264-b": (
        ".h264",
        {"codec": "libx264", "options": {**_RAW, "bf": "3", "b-pyramid": "normal"}},
        ("mp4", "mov", "3gp", "mkv", "ts", "flv"),
        True,
    ),
    "hevc": (
        ".mp4",
        {"codec": "libx265", "options": {"preset": "ultrafast", "x265-params": "keyint=12:log-level=0"}},
        ("mp4", "mov", "mkv", "ts"),
        False,
    ),
    "vp8": (".webm", {"codec": "libvpx", "options": {"g": "12", "cpu-used": "8", "b": "1M"}}, ("mkv",), True),
    "vp9": (".webm", {"codec": "libvpx-vp9", "options": {"g": "12", "cpu-used": "8"}}, ("mp4", "mkv"), True),
    "mpeg4": (".mp4", {"codec": "mpeg4", "options": {"g": "12", "qmax": "4"}}, ("mp4", "mov", "mkv", "avi"), False),
    "mjpeg": (".mov", {"codec": "mjpeg", "pix_fmt": "yuvj420p"}, ("mov", "mkv", "avi"), True),
}


@dataclass(frozen=True)
class OddClip:
    """What is odd about a clip.

    Attributes
    ----------
    codec, suffix : str
        One of `CODECS`, and the container.
    fps : Fraction
        Frames a second, 1 to 480.
    parts : tuple of (str, int)
        Sizes, of `SIZES`, and how many frames have each.
    times : tuple of int
        When each frame is shown, in frames; in the order in which they should be.
    dropped : frozenset of int
        Packets that are left out, in decoding order.
    earlier : int
        Frames by which all are shown earlier: those before zero are hidden by an edit list, or all begin earlier.
    before, after : tuple of str
        Other tracks.
    """

    codec: str
    suffix: str
    fps: Fraction
    parts: tuple[tuple[str, int], ...]
    times: tuple[int, ...]
    dropped: frozenset[int]
    earlier: int
    before: tuple[str, ...]
    after: tuple[str, ...]


@st.composite
def odd_clips(draw: st.DrawFn) -> OddClip:
    """Draw clips, each odd in some ways."""
    codec = draw(st.sampled_from(sorted(_CODECS)))
    _, _, suffixes, changes = _CODECS[codec]
    first = draw(st.sampled_from(sorted(SIZES)))
    parts = [(first, draw(st.integers(2, FRAMES)))]
    if changes and draw(st.booleans()):
        other = draw(st.sampled_from(sorted(SIZES)))
        parts.append((other, draw(st.integers(1, FRAMES))))
    count = sum(frames for _, frames in parts)
    fps = draw(
        st.sampled_from([*map(Fraction, (1, 5, 12, 15, 24, 25, 30, 50, 60, 120, 240, 480)), Fraction(30_000, 1001)])
    )
    suffix = draw(st.sampled_from(suffixes))
    # avi has no times, only places for frames.
    order = draw(st.sampled_from(["even", "uneven"] if suffix == "avi" else ["even", "uneven", "stalling", "shuffled"]))
    times = list(range(count))
    if order in ("uneven", "stalling"):
        gaps = draw(st.lists(st.integers(1 if order == "uneven" else 0, 3), min_size=count, max_size=count))
        times = [sum(gaps[:number]) for number in range(count)]
    elif order == "shuffled":
        times = draw(st.permutations(times))
    others = st.sampled_from([(), ("sound",)] if suffix == "avi" else [(), ("sound",), ("preview",)])
    dropped = draw(st.frozensets(st.integers(0, count - 1), max_size=count // 4))
    return OddClip(
        codec=codec,
        suffix=suffix,
        fps=max(fps, Fraction(times[-1] if order != "shuffled" else count, 50)),
        parts=tuple(parts),
        times=tuple(times),
        dropped=dropped,
        # Matroska has no times before zero, and loses those of shuffled packets.
        earlier=0 if order == "shuffled" else draw(st.sampled_from([0, 1, count // 4])),
        before=draw(others),
        after=draw(others),
    )


@dataclass(frozen=True)
class _Packet:
    data: bytes
    place: int
    """Of its frame, in the order of display."""
    is_key: bool


class Workshop:
    """Makes the clips, of packets that are encoded once.

    Parameters
    ----------
    folder : Path
        Where sources and clips are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sources: dict[tuple[str, str], tuple[Path, list[_Packet]]] = {}
        self._others = {
            "sound": clips.write_audio(folder / "sound.mp4", 2.0),
            "preview": clips.write(folder / "preview.mp4", clips.drifting(2, (32, 32))),
        }

    def make(self, clip: OddClip) -> tuple[Path, int]:
        """Write a clip in place of the last one; return its file, and which of the tracks it is."""
        path = self._folder / f"odd.{clip.suffix}"
        template, _ = self._source(clip.codec, clip.parts[0][0])
        with ExitStack() as stack:
            written = stack.enter_context(av.open(str(path), "w"))
            timed: list[tuple[Fraction, Any]] = []
            tracks = [*clip.before, "", *clip.after]
            for name in tracks:
                read = stack.enter_context(av.open(str(self._others[name] if name else template)))
                stream: Any = read.streams.audio[0] if name == "sound" else read.streams.video[0]
                track: Any = written.add_stream_from_template(stream, opaque=True)
                track.disposition = Disposition(name != "preview")
                if not name:
                    # avi counts frames, at one rate.
                    track.time_base = 1 / clip.fps if clip.suffix == "avi" else Fraction(1, _CLOCK)
                packets = self._packets(clip) if not name else [packet for packet in read.demux(stream) if packet.size]
                for packet in packets:
                    timed.append((packet.dts * packet.time_base, packet))
                    packet.stream = track
            for _, packet in sorted(timed, key=lambda pair: pair[0]):
                written.mux(packet)
        return path, len(clip.before)

    def _packets(self, clip: OddClip) -> list[Any]:
        chosen: list[tuple[_Packet, int]] = []
        shown = 0
        for size, count in clip.parts:
            _, packets = self._source(clip.codec, size)
            part = packets[:count]
            places = sorted(packet.place for packet in part)
            chosen += [(packet, clip.times[shown + places.index(packet.place)]) for packet in part]
            shown += count
        tick = _CLOCK / clip.fps
        kept = [pair for number, pair in enumerate(chosen) if number not in clip.dropped or number < 2]
        times = [round((time - clip.earlier) * tick) for _, time in kept]
        in_order = sorted(times)
        delay = max(max(sent - shown for sent, shown in zip(in_order, times, strict=True)), 0)
        made: list[Any] = []
        last: int | None = None
        for (source, _), time, sent in zip(kept, times, in_order, strict=True):
            packet = av.Packet(source.data)
            packet.time_base = Fraction(1, _CLOCK)
            packet.dts = sent - delay if last is None else max(sent - delay, last + 1)
            packet.pts = max(time, packet.dts)
            packet.is_keyframe = source.is_key
            packet.duration = round(tick)
            last = packet.dts
            made.append(packet)
        return made

    def _source(self, codec: str, size: str) -> tuple[Path, list[_Packet]]:
        if (codec, size) not in self._sources:
            suffix, encoding, _, _ = _CODECS[codec]
            frames = list(clips.drifting(FRAMES, SIZES[size], step=(5.0, 3.0)))
            path = clips.write(self._folder / f"{codec}-{size}{suffix}", frames, **encoding)
            # A raw stream does not say when its frames are shown.
            told = clips.write(self._folder / "told.mkv", frames, **encoding) if suffix == ".h264" else path
            times = [packet.pts for packet in _demux(told)]
            self._sources[codec, size] = (
                path,
                [
                    _Packet(bytes(packet), sorted(times).index(time), packet.is_keyframe)
                    for packet, time in zip(_demux(path), times, strict=True)
                ],
            )
        return self._sources[codec, size]


def _demux(path: Path) -> Sequence[Any]:
    with av.open(str(path)) as container:
        return [packet for packet in container.demux(video=0) if packet.size]
