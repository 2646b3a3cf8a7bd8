"""Real encoded clips, good and bad, for the tests of every package.

Frames are plain arrays (see `drifting`); `write` encodes them, the container following the path's suffix.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.bitstream import BitStreamFilterContext
from av.stream import Disposition
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream
from numpy.typing import NDArray

from models.video.decoding import Video
from models.video.info import VideoInfo
from models.video.limits import VideoLimits

Grey = NDArray[np.uint8]

CODECS = {
    ".mp4": "libx264",
    ".mov": "libx264",
    ".3gp": "libx264",
    ".mkv": "libx264",
    ".flv": "libx264",
    ".ts": "libx264",
    ".avi": "mpeg4",
    ".webm": "libvpx-vp9",
    ".gif": "gif",
}
_FAST = {
    "libx264": {"preset": "ultrafast", "qp": "8", "bf": "2"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "b": "2M"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "10"},
    "mpeg4": {"qscale": "2", "flags": "+qscale", "global_quality": "236"},
}


def drifting(
    count: int,
    size: tuple[int, int] = (160, 120),
    *,
    step: tuple[float, float] = (2.0, 1.0),
    seed: int = 0,
) -> Iterator[Grey]:
    """`count` full-range grey frames of `size` (width, height) px: blobs that drift `step` px a frame.

    The blobs move against a still textured background, so that improved trajectories find motion in them.
    """
    width, height = size
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    ground = 110 + 30 * np.sin(x / 5.3) * np.sin(y / 6.1)
    centres = rng.uniform((0, 0), (width, height), (6, 2))
    radius = max(6.0, min(size) / 7)
    for frame in range(count):
        picture = ground.copy()
        for number, centre in enumerate(centres):
            direction = -1 if number % 2 else 1
            cx, cy = (centre + direction * frame * np.array(step)) % size
            texture = 128 + 120 * np.sin((x - cx) / 2.1 + number) * np.cos((y - cy) / 2.7)
            inside = (x - cx) ** 2 + (y - cy) ** 2 < radius**2
            picture[inside] = texture[inside]
        yield np.clip(picture, 0, 255).astype(np.uint8)


def still(count: int, size: tuple[int, int] = (160, 120)) -> Iterator[Grey]:
    """`count` times the same textured frame."""
    frame = next(drifting(1, size))
    for _ in range(count):
        yield frame


def write(
    path: Path,
    frames: Iterable[Grey] | None = None,
    *,
    codec: str | None = None,
    fps: int | Fraction = 30,
    times: Iterable[float] | None = None,
    pix_fmt: str = "yuv420p",
    full_range: bool = False,
    rotation: int = 0,
    mirrored: bool = False,
    aspect: Fraction | None = None,
    audio: bool = False,
    sound_s: float | None = None,
    options: Mapping[str, str] | None = None,
    muxing: Mapping[str, str] | None = None,
) -> Path:
    """Encode grey frames (default: 30 of `drifting`) into `path` and return it.

    Parameters
    ----------
    times : iterable of float, optional
        Seconds at which each frame is shown (a variable frame rate); by default even steps of 1 / `fps`.
    full_range : bool
        Write luma as 0..255 and say so, instead of 16..235.
    rotation : int
        Degrees counterclockwise (0, 90, 180, 270) that a player must turn the clip by; not in avi.
    mirrored : bool
        The player must then also swap left and right; mp4 and mov only.
    aspect : Fraction, optional
        Width of a pixel, in heights of it.
    audio : bool
        Add a track of quiet noise.
    sound_s : float, optional
        Add a track of quiet noise of another length, s.
    options, muxing : mapping of str to str, optional
        FFmpeg's options for the encoder (replacing the fast ones here) and for the container.
    """
    pictures = iter(drifting(30) if frames is None else frames)
    first = next(pictures)
    codec = codec or CODECS[path.suffix]
    clock = Fraction(1, 90_000) if times is not None else 1 / Fraction(fps)
    instants = iter(times) if times is not None else None
    chosen = dict(_FAST.get(codec, {}) if options is None else options)
    with av.open(str(path), "w", container_options=dict(muxing or {})) as container:
        stream = cast(VideoStream, container.add_stream(codec, rate=Fraction(fps), options=chosen))
        stream.height, stream.width = first.shape
        stream.pix_fmt = pix_fmt
        stream.codec_context.thread_count = 1
        stream.codec_context.time_base = clock
        if full_range:
            stream.codec_context.color_range = 2
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation or mirrored:
            stream.set_display_rotation(rotation, hflip=mirrored)
        sound = _Sound(container, path.suffix) if audio or sound_s else None
        number = 0
        picture: Grey | None = first
        while picture is not None:
            frame = _coloured(picture, pix_fmt, full_range)
            frame.pts = number if instants is None else round(next(instants) / clock)
            frame.time_base = clock
            container.mux(stream.encode(frame))
            number += 1
            picture = next(pictures, None)
        container.mux(stream.encode())
        if sound:
            sound.write(sound_s or number / float(fps))
    return path


def write_coloured(path: Path, frames: Iterable[Grey], colour: tuple[int, int, int]) -> Path:
    """Encode grey frames whose white is `colour` (RGB, 0 to 255) into an mp4 and return its path."""
    pictures = list(frames)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options=_FAST["libx264"])
        stream.height, stream.width = pictures[0].shape
        stream.pix_fmt = "yuv444p"
        for number, grey in enumerate(pictures):
            tinted = (grey[..., None] / 255 * np.array(colour)).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(tinted, format="rgb24").reformat(format="yuv444p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def write_audio(path: Path, seconds: float = 1.0) -> Path:
    """A clip of sound alone."""
    with av.open(str(path), "w") as container:
        _Sound(container, path.suffix).write(seconds)
    return path


def write_huge(path: Path, size: tuple[int, int] = (10_000, 10_000)) -> Path:
    """A clip of a few kB whose container and pictures both announce `size` (width, height) px."""
    return write_jpegs(path, [jpeg((160, 120), claimed=size)] * 5, size)


def jpeg(size: tuple[int, int], *, claimed: tuple[int, int] | None = None) -> bytes:
    """One picture of `size` (width, height) px whose header may claim another."""
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height = size
    encoder.pix_fmt, encoder.time_base = "yuvj420p", Fraction(1, 30)
    frame = _coloured(next(drifting(1, size)), "yuvj420p", full_range=True)
    frame.pts = 0
    data = bytearray(b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)]))
    width, height = claimed or size
    start_of_frame = data.index(b"\xff\xc0") + 5
    data[start_of_frame : start_of_frame + 4] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return bytes(data)


def write_jpegs(path: Path, jpegs: Iterable[bytes], size: tuple[int, int]) -> Path:
    """A motion JPEG clip of these pictures, whatever their sizes, in a container that announces `size`."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=30)
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p"
        container.start_encoding()
        for number, data in enumerate(jpegs):
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, 30)
            packet.pts = packet.dts = number
            container.mux(packet)
    return path


def write_empty(path: Path) -> Path:
    """An mp4 or mkv whose header announces a video stream and that holds no frame of it."""
    with av.open(str(path), "w", container_options=_EMPTY.get(path.suffix, {})) as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.codec_context.open()
        container.start_encoding()
    return path


def write_playlist(path: Path, target: Path | str, *, kind: str = "hls") -> Path:
    """A text playlist (`hls`, `ffconcat` or `dash`) that names `target`: what must never be followed."""
    text = {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
        "ffconcat": f"ffconcat version 1.0\nfile '{target}'\n",
        "dash": '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet>'
        f'<Representation id="0"><BaseURL>{target}</BaseURL></Representation></AdaptationSet></Period></MPD>',
    }
    path.write_text(text[kind])
    return path


def mux_tracks(
    path: Path,
    *sources: Path,
    default: str | None = None,
    covers: bool = False,
    muxing: Mapping[str, str] | None = None,
) -> Path:
    """The video tracks of `sources`, in this order, in one container, and their packets in the order of their times.

    By default all are default tracks; otherwise only that of the source named `default`. Covers are not shown as clips.
    """
    with ExitStack() as stack:
        written = stack.enter_context(av.open(str(path), "w", container_options=dict(muxing or {})))
        packets: list[Any] = []
        for source in sources:
            stream = stack.enter_context(av.open(str(source))).streams.video[0]
            track = written.add_stream_from_template(stream)
            track.disposition = (
                Disposition.attached_pic if covers else Disposition(default is None or source.stem == default)
            )
            for packet in stream.container.demux(stream):  # type: ignore[attr-defined]
                if packet.dts is not None:
                    packet.stream = track
                    packets.append(packet)
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            written.mux(packet)
    return path


def remux(path: Path, clip: Path, change: Callable[[list[Any]], Iterable[Any]]) -> Path:
    """Write the packets that `change` makes of a clip's packets, without encoding anything anew, into `path`."""
    with av.open(str(clip)) as read, av.open(str(path), "w") as written:
        stream = read.streams.video[0]
        copy = written.add_stream_from_template(stream, opaque=True)
        packets = [packet for packet in read.demux(stream) if packet.size]
        if path.suffix == ".avi" and stream.codec_context.name == "h264":
            start_codes = BitStreamFilterContext("h264_mp4toannexb", stream)
            packets = [with_start_codes for packet in packets for with_start_codes in start_codes.filter(packet)]
        for packet in change(packets):
            packet.stream = copy
            written.mux(packet)
    return path


def insert_box(clip: bytes, parents: Sequence[bytes], box: bytes) -> bytes:
    """An mp4, its moov at the end, with one more box at the end of another, which is found by the kinds around it."""
    changed = bytearray(clip)
    places: list[int] = []
    for kind in parents:
        places.append(changed.index(kind, places[-1] if places else 0) - 4)
    sizes = [int.from_bytes(changed[place : place + 4], "big") for place in places]
    changed[places[-1] + sizes[-1] : places[-1] + sizes[-1]] = box
    for place, size in zip(places, sizes, strict=True):
        changed[place : place + 4] = (size + len(box)).to_bytes(4, "big")
    return bytes(changed)


def insert_element(clip: bytes, parents: Sequence[bytes], element: bytes) -> bytes:
    """A Matroska file with one more element at the start of another, which is found by the IDs around it."""
    changed = bytearray(clip)
    place = changed.index(b"\x2a\xd7\xb1")  # the time scale; in front of it, IDs are listed
    for parent in parents:
        place = changed.index(parent, place)
        place += 9 - changed[place].bit_length()
        width = 9 - changed[place].bit_length()
        size = int.from_bytes(changed[place : place + width], "big") + len(element)
        changed[place : place + width] = size.to_bytes(width, "big")
        place += width
    changed[place:place] = element
    return bytes(changed)


def with_data(packet: Any, data: bytes) -> Any:
    """A packet with other bytes."""
    other = av.Packet(data)
    other.pts, other.dts, other.duration = packet.pts, packet.dts, packet.duration
    other.time_base, other.is_keyframe = packet.time_base, packet.is_keyframe
    return other


def damaged(packet: Any) -> Any:
    """A packet of which every seventh byte is another."""
    data = bytearray(bytes(packet))
    data[::7] = bytes(byte ^ 0x55 for byte in data[::7])
    return with_data(packet, bytes(data))


def cut(path: Path, clip: Path, fraction: float) -> Path:
    """The first `fraction` of the bytes of `clip`."""
    whole = clip.read_bytes()
    path.write_bytes(whole[: int(len(whole) * fraction)])
    return path


# name -> how to write it; every container, with codecs of all ages
WAYS: dict[str, dict[str, Any]] = {
    "h264.mp4": {},
    "h264-sound.mp4": {"audio": True},
    "h264-faststart.mp4": {"muxing": {"movflags": "faststart"}},
    "h264-fragments.mp4": {
        "muxing": {"movflags": "frag_keyframe+empty_moov"},
        "options": {"g": "6", "preset": "ultrafast", "qp": "8"},
    },
    "mpeg4.mp4": {"codec": "mpeg4"},
    "h264.mov": {"audio": True},
    "prores.mov": {"codec": "prores_ks", "pix_fmt": "yuv422p10le"},
    "h264.mkv": {"audio": True},
    "vp9.webm": {"audio": True},
    "vp8.webm": {"codec": "libvpx"},
    "vp8-live.webm": {"codec": "libvpx", "muxing": {"live": "1"}},
    "mpeg4.avi": {},
    "h264.avi": {"codec": "libx264"},
    "h264-sound.ts": {"audio": True},
    "mpeg2.ts": {"codec": "mpeg2video", "options": {"qmin": "1", "qmax": "2"}},
    "h264-sound.flv": {"audio": True},
    "h264.3gp": {"audio": True},
    "grey.gif": {"pix_fmt": "gray", "full_range": True},
    "mjpeg-sound.avi": {"codec": "mjpeg", "pix_fmt": "yuvj420p", "options": {"qmin": "1", "qmax": "2"}, "audio": True},
}


def write_way(folder: Path, name: str, frames: Iterable[Grey] | None = None) -> Path:
    """One of `WAYS`, in `folder` under its name."""
    return write(folder / name, frames, **WAYS[name])


def take(path: Path, limits: VideoLimits | None = None, side: int | None = None) -> tuple[list[Grey], VideoInfo]:
    """All frames of a clip through `Video`, each checked to be what that promises, and the clip's info."""
    with Video(path, limits, working_side=side) as video:
        frames = list(video)
        for frame in frames:
            assert frame.shape == video.size[::-1]
            assert frame.dtype == np.uint8
            assert frame.flags.c_contiguous
        assert len(frames) == video.info.frames_used
        return frames, video.info


def apart(frames: list[Grey], wanted: list[Grey]) -> float:
    """How far two clips of the same length are apart: the worst frame's mean absolute difference, grey levels."""
    assert len(frames) == len(wanted)
    return max(float(np.abs(a.astype(int) - b).mean()) for a, b in zip(frames, wanted, strict=True))


def _coloured(picture: Grey, pix_fmt: str, full_range: bool) -> av.VideoFrame:
    grey = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="gray")
    return grey.reformat(format=pix_fmt, src_color_range="JPEG", dst_color_range="JPEG" if full_range else "MPEG")


class _Sound:
    def __init__(self, container: Any, suffix: str) -> None:
        self.container = container
        self.rate = 48_000
        self.stream = container.add_stream("libopus" if suffix == ".webm" else "aac", rate=self.rate)
        self.stream.layout = "mono"

    def write(self, seconds: float) -> None:
        noise = np.random.default_rng(0).normal(0, 300, (1, round(seconds * self.rate))).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(noise, format="s16", layout="mono")
        frame.sample_rate, frame.pts = self.rate, 0
        self.container.mux(self.stream.encode(frame))
        self.container.mux(self.stream.encode())


_EMPTY = {".mp4": {"movflags": "empty_moov"}, ".mov": {"movflags": "empty_moov"}}
