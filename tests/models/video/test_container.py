"""Detection of containers by their first bytes, and of truncated files by their sizes."""

from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from models.errors import ClipError, NotAVideo, TruncatedClip, UnsupportedContainer
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
        (b"", NotAVideo),
        (b"\0", NotAVideo),
        (b"hello, this is text", NotAVideo),
        (b"The free world, in plain text", NotAVideo),
        ("text in UTF-16".encode("utf-16"), NotAVideo),
        (b"%PDF-1.7", NotAVideo),
        (b"PK\x03\x04", NotAVideo),
        (b"<svg xmlns=", NotAVideo),
        (bytes(600), NotAVideo),
        (b"\x89PNG\r\n\x1a\n", UnsupportedContainer),
        (b"GIF89a", UnsupportedContainer),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", UnsupportedContainer),
        (b"RIFF\x24\0\0\0WAVEfmt ", UnsupportedContainer),
        (b"RIFF\x24\0\0\0WEBPVP8 ", UnsupportedContainer),
        (b"\0\0\0\x1cftypavif\0\0\0\0", UnsupportedContainer),
        (b"OggS\0\x02", UnsupportedContainer),
        (b"FLV\x01\x05", UnsupportedContainer),
        (b"ID3\x04\0", UnsupportedContainer),
        (b"\xff\xfb\x90\x64", UnsupportedContainer),
        (b"fLaC\0\0\0\x22", UnsupportedContainer),
        (b"\x1a\x45\xdf\xa3\x93\x42\x82\x84else" + bytes(80), UnsupportedContainer),
        (b"\x47" + bytes(187) + b"\x47" + bytes(187), UnsupportedContainer),
        (b"\0\0\0\x14ftypisom\0\0\0\0", TruncatedClip),
        (b"\x1a\x45\xdf\xa3", TruncatedClip),
        (b"RIFF\xff\xff\0\0AVI LIST", TruncatedClip),
    ],
)
def test_first_bytes_decide(tmp_path: Path, head: bytes, error: type[ClipError]) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(head)
    with pytest.raises(error, match=r"mp4, mov, webm, mkv or avi|cut short"):
        Video(path)


@pytest.mark.parametrize(("format_name", "suffix"), [("mpegts", "ts"), ("flv", "flv"), ("ogg", "ogg"), ("mp3", "mp3")])
def test_renamed_containers_are_unsupported(tmp_path: Path, format_name: str, suffix: str) -> None:
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
            stream = container.add_stream("libx264", rate=30)
            stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
            for picture in clips.drifting(5):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="gray")))
            container.mux(stream.encode())
    with pytest.raises(UnsupportedContainer):
        Video(disguised)


@pytest.mark.parametrize("name", ["h264.mp4", "vp9.webm", "mpeg4.avi"])
def test_name_does_not_matter(tmp_path: Path, name: str) -> None:
    path = clips.write_way(tmp_path, name).rename(tmp_path / "concat:what%03d.png")
    assert len(clips.take(path)[0]) == 30


def test_trailing_garbage_is_ignored(tmp_path: Path) -> None:
    for name in ("clip.mp4", "clip.avi"):
        path = clips.write(tmp_path / name)
        path.write_bytes(path.read_bytes() + b"\x12\x34\x56\x78rubbish" * 5)
        assert len(clips.take(path)[0]) == 30


@pytest.mark.parametrize("name", clips.WAYS)
def test_truncated_clips_are_refused(tmp_path: Path, name: str) -> None:
    whole = clips.write_way(tmp_path, name, clips.drifting(15, (64, 48)))
    for tenth in range(1, 10):
        cut = clips.cut(tmp_path / f"cut{whole.suffix}", whole, tenth / 10)
        with pytest.raises(TruncatedClip, match="cut short"):
            clips.take(cut)
    for missing in (1, 2, 50):
        cut = clips.cut(tmp_path / f"cut{whole.suffix}", whole, 1 - missing / whole.stat().st_size)
        with pytest.raises(TruncatedClip):
            clips.take(cut)
