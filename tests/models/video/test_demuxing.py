"""What is corrected or refused between container and decoder: encryption, delays of gif, the end of a recording."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import pytest
from av.container import InputContainer
from av.video.stream import VideoStream

from models.errors import UnsupportedCodec
from models.video.decoding import Video
from models.video.demuxing import demux
from tests import clips


def write_gif(path: Path, delays: Sequence[int]) -> Path:
    """A gif whose frames have these delays, in hundredths of a second."""
    clips.write(path, clips.drifting(len(delays), (64, 48)), fps=10, pix_fmt="gray", full_range=True)
    data = bytearray(path.read_bytes())
    place = 0
    for delay in delays:
        place = data.index(b"\x21\xf9\x04", place) + 4
        data[place : place + 2] = delay.to_bytes(2, "little")
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("delays", "seconds", "used"),
    [
        ([10] * 6, 0.6, 6),
        ([0] * 6, 0.6, 6),
        ([1] * 6, 0.6, 6),
        ([2] * 6, 0.12, 4),  # 50 frames a second
        ([0, 1, 4, 3, 100, 7], 1.34, 6),
        ([500, 4, 4, 4, 4, 300], 8.16, 6),
    ],
)
def test_delays_of_a_gif_are_those_of_browsers(tmp_path: Path, delays: list[int], seconds: float, used: int) -> None:
    frames, info = clips.take(write_gif(tmp_path / "clip.gif", delays))
    assert info.duration_s == pytest.approx(seconds)
    assert info.fps == pytest.approx(6 / seconds)
    assert len(frames) == used


def test_frames_of_a_gif_are_whole_pictures(tmp_path: Path) -> None:
    source = list(clips.drifting(8, (64, 48)))
    path = clips.write(tmp_path / "clip.gif", source, fps=10, pix_fmt="gray", full_range=True)
    frames, info = clips.take(path)
    assert clips.apart(frames, source) <= 1
    assert (info.width, info.height) == (64, 48)
    assert info.duration_s == pytest.approx(0.8)


def test_what_is_transparent_in_a_gif_is_white(tmp_path: Path) -> None:
    source = [np.zeros((48, 64), np.uint8)] * 2
    path = clips.write(tmp_path / "clip.gif", source, fps=10, pix_fmt="gray", full_range=True)
    black, _ = clips.take(path)
    assert all(frame.max() == 0 for frame in black)
    data = bytearray(path.read_bytes())
    control = data.index(b"\x21\xf9\x04") + 3
    data[control] |= 1
    data[control + 3] = 0  # the colour of this index
    path.write_bytes(data)
    frames, _ = clips.take(path)
    assert frames[0].min() == 255


@pytest.mark.parametrize("fragments", [False, True])
def test_common_encryption(tmp_path: Path, fragments: bool) -> None:
    keys = {"encryption_key": bytes(16).hex(), "encryption_kid": bytes(range(16)).hex()}
    muxing = {"encryption_scheme": "cenc-aes-ctr", **keys}
    if fragments:
        muxing["movflags"] = "frag_keyframe+empty_moov"
    path = clips.write(tmp_path / "clip.mp4", clips.drifting(5, (64, 48)), muxing=muxing)
    with pytest.raises(UnsupportedCodec, match="encrypted"):
        Video(path)


def test_encrypted_webm(tmp_path: Path) -> None:
    path = clips.write(
        tmp_path / "clip.webm",
        clips.drifting(5, (64, 48)),
        codec="libvpx",
        muxing={"live": "1", "fflags": "bitexact"},
    )
    # ContentEncodings: one, of type 1, by AES (RFC 9559, section 5.1.4.1.31).
    encryption = element(b"\x50\x35", element(b"\x47\xe1", b"\x05"), element(b"\x47\xe2", bytes(range(16))))
    encoding = element(b"\x62\x40", element(b"\x50\x33", b"\x01"), encryption)
    encodings = element(b"\x6d\x80", encoding)
    path.write_bytes(clips.insert_element(path.read_bytes(), (b"\x16\x54\xae\x6b", b"\xae"), encodings))
    with pytest.raises(UnsupportedCodec, match="encrypted"):
        Video(path)


def element(kind: bytes, *content: bytes) -> bytes:
    whole = b"".join(content)
    return kind + bytes([0x80 | len(whole)]) + whole


def recording(path: Path, gaps: Sequence[int]) -> Path:
    """VP9 in fragments of mp4, as Chromium's recorder writes it: frames that last for `gaps` units of 1 / 30000 s."""
    source = clips.write(path.with_suffix(".webm"), clips.drifting(len(gaps), (64, 48)), codec="libvpx-vp9")
    flags = {"movflags": "frag_custom+empty_moov+default_base_moof", "video_track_timescale": "30000"}
    with av.open(str(source)) as read, av.open(str(path), "w", container_options=flags) as written:
        stream = read.streams.video[0]
        copy = written.add_stream_from_template(stream)
        copy.time_base = Fraction(1, 30_000)
        time = 0
        for packet, gap in zip((packet for packet in read.demux(stream) if packet.size), gaps, strict=True):
            packet.stream, packet.time_base = copy, Fraction(1, 30_000)
            packet.pts = packet.dts = time
            packet.duration = gap
            written.mux(packet)
            time += gap
    return path


@pytest.mark.parametrize(
    "gaps", [[666, 1388, 1000, 1000, 1000, 2000], [500, 992, 985, 2900], [1000] * 5, [1000, 1000, 1000, 30_000]]
)
def test_length_of_a_recording_is_that_of_its_container(tmp_path: Path, gaps: list[int]) -> None:
    path = recording(tmp_path / "recording.mp4", gaps)
    with av.open(str(path)) as container:
        assert container.duration == pytest.approx(sum(gaps) / 30_000 * av.time_base, abs=1)
    _, info = clips.take(path)
    assert info.duration_s == pytest.approx(sum(gaps) / 30_000, abs=1e-4)
    assert info.fps == pytest.approx(len(gaps) / info.duration_s)


@pytest.mark.parametrize("fps", [30, 24, 240])
def test_edit_lists_round_and_frames_do_not(tmp_path: Path, fps: int) -> None:
    path = clips.write(tmp_path / "clip.mp4", clips.drifting(25, (64, 48)), fps=fps)  # with B frames
    _, info = clips.take(path)
    assert info.duration_s == pytest.approx(25 / fps, abs=1e-9)
    assert info.fps == pytest.approx(fps)


def test_a_track_that_appears_on_the_way_does_no_harm(tmp_path: Path) -> None:
    class Appearing:
        """A container as PyAV has it then: it fails after the last packet."""

        def __init__(self, container: InputContainer) -> None:
            self.format, self._container = container.format, container

        def demux(self, stream: VideoStream) -> Iterator[Any]:
            yield from self._container.demux(stream)
            raise IndexError("list index out of range")

    with av.open(clips.write(tmp_path / "clip.ts")) as container:
        packets = demux(cast(InputContainer, Appearing(container)), container.streams.video[0])
        assert sum(packet.size > 0 for packet in packets) == 30
