"""Detection of containers by their first bytes, and of truncated files by their sizes."""

import os
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from models.errors import ClipError, EmptyClip, NotAVideo, TruncatedClip, UnsupportedContainer
from models.video.decoding import Video
from tests import clips

Grey = NDArray[np.uint8]


@pytest.mark.parametrize("kind", ["hls", "ffconcat", "dash"])
@pytest.mark.parametrize("name", ["list.mp4", "list.m3u8", "list.avi"])
def test_playlists_are_not_followed(tmp_path: Path, kind: str, name: str) -> None:
    target = clips.write(tmp_path / "target.mp4")
    with pytest.raises(NotAVideo):
        Video(clips.write_playlist(tmp_path / name, target, kind=kind))


@pytest.mark.parametrize(
    ("head", "error"),
    [
        (b"", EmptyClip),
        (b"\0", NotAVideo),
        (b"hello, this is text", NotAVideo),
        (b"The free world, in plain text", NotAVideo),
        ("text in UTF-16".encode("utf-16"), NotAVideo),
        (b"%PDF-1.7", NotAVideo),
        (b"PK\x03\x04", NotAVideo),
        (b"<svg xmlns=", NotAVideo),
        (bytes(600), NotAVideo),
        (b"\x89PNG\r\n\x1a\n", UnsupportedContainer),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", UnsupportedContainer),
        (b"RIFF\x24\0\0\0WAVEfmt ", UnsupportedContainer),
        (b"RIFF\x24\0\0\0WEBPVP8 ", UnsupportedContainer),
        (b"\0\0\0\x1cftypavif\0\0\0\0", UnsupportedContainer),
        (b"OggS\0\x02", UnsupportedContainer),
        (b"ID3\x04\0", UnsupportedContainer),
        (b"\xff\xfb\x90\x64", UnsupportedContainer),
        (b"fLaC\0\0\0\x22", UnsupportedContainer),
        (b"\x1a\x45\xdf\xa3\x93\x42\x82\x84else" + bytes(80), UnsupportedContainer),
        (b"\x47" + bytes(187) + b"\x47" + bytes(187), TruncatedClip),
        (b"Good evening, " * 99, NotAVideo),
        (b"\x1f\x8b\x08\0", NotAVideo),
        (b"\0\0\0\x14ftypisom\0\0\0\0", TruncatedClip),
        (b"\x1a\x45\xdf\xa3", TruncatedClip),
        (b"RIFF\xff\xff\0\0AVI LIST", TruncatedClip),
        (b"GIF89a", TruncatedClip),
        (b"FLV\x01\x05\0\0\0\x09\0\0\0\0\x09\0\0\x10", TruncatedClip),
    ],
)
def test_first_bytes_decide(tmp_path: Path, head: bytes, error: type[ClipError]) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(head)
    with pytest.raises(error, match=r"mp4, mov, 3gp, webm, mkv, avi, flv, ts or gif|cut short"):
        Video(path)


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"\0\0\0\x1cftypavif\0\0\0\0mif1", "HEIF or AVIF image"),
        (b"\0\0\0\x1cftypheic\0\0\0\0mif1", "HEIF or AVIF image"),
        (b"\0\0\0\x2cftypavis\0\0\0\0avifmsf1", "sequence of HEIF or AVIF images"),
        (b"\0\0\0\x2cftypmsf1\0\0\0\0hevciso8", "sequence of HEIF or AVIF images"),
        (b"\0\0\0\x2cftyphevc\0\0\0\0msf1iso8", "sequence of HEIF or AVIF images"),
        (b"RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0", "animated WebP image"),
        (b"RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0", "a WebP image"),
        (b"\x1f\x8b\x08\0", "compressed with gzip"),
    ],
)
def test_what_is_refused_is_named(tmp_path: Path, head: bytes, what: str) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(head + bytes(100))
    with pytest.raises(ClipError, match=what):
        Video(path)


def test_a_sequence_of_pictures_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "burst.avif"
    with av.open(str(path), "w", format="avif") as container:
        stream = container.add_stream("libsvtav1", rate=10, options={"preset": "12", "svtav1-params": "lp=1"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for picture in clips.drifting(3, (64, 48)):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="gray")))
        container.mux(stream.encode())
    with pytest.raises(UnsupportedContainer, match="sequence of HEIF or AVIF images, not a video"):
        Video(path)


@pytest.mark.parametrize("format_name", ["asf", "mpeg", "ogg", "mp3"])
def test_renamed_containers_are_unsupported(tmp_path: Path, format_name: str) -> None:
    codec = {"ogg": "libopus", "mp3": "libmp3lame"}.get(format_name)
    disguised = tmp_path / "clip.mp4"
    with av.open(str(disguised), "w", format=format_name) as container:
        if codec:
            sound = container.add_stream(codec, rate=48_000)
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 48_000), np.int16), format="s16", layout="mono")
            silence.sample_rate = 48_000
            container.mux(sound.encode(silence))  # type: ignore[union-attr,arg-type]
            container.mux(sound.encode(None))  # type: ignore[union-attr]
        else:
            stream = container.add_stream("mpeg2video", rate=30)
            stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
            for picture in clips.drifting(5):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="gray")))
            container.mux(stream.encode())
    with pytest.raises(UnsupportedContainer):
        Video(disguised)


@pytest.mark.parametrize("name", ["h264.mp4", "vp9.webm", "mpeg4.avi", "h264-sound.ts", "h264-sound.flv", "grey.gif"])
def test_name_does_not_matter(tmp_path: Path, name: str) -> None:
    path = clips.write_way(tmp_path, name).rename(tmp_path / "concat:what%03d.png")
    assert len(clips.take(path)[0]) == 30


@pytest.mark.skipif("TAG2VEC_DATA" not in os.environ, reason="TAG2VEC_DATA is not set: no real clips")
@pytest.mark.parametrize("suffix", ["ts", "flv", "3gp", "mov", "mkv"])
def test_real_clips_are_the_same_in_every_container(tmp_path: Path, suffix: str) -> None:
    found = sorted(Path(os.environ["TAG2VEC_DATA"], "clips").glob("*/*.mp4"))
    for clip in found[:: len(found) // 3]:
        frames, info = clips.take(clip, side=120)
        others, other = clips.take(clips.mux_tracks(tmp_path / f"clip.{suffix}", clip), side=120)
        assert clips.apart(others, frames) == 0
        assert (other.width, other.height) == (info.width, info.height)
        assert other.duration_s == pytest.approx(info.duration_s, abs=0.01)
