"""Truncated files are found by the sizes in their containers, and only by those that mean something."""

import shutil
from pathlib import Path

import pytest

from models.errors import TruncatedClip
from tests import clips


@pytest.mark.parametrize("name", ["h264.mp4", "mpeg4.avi", "h264-sound.ts", "h264-sound.flv", "grey.gif"])
def test_trailing_garbage_is_ignored(tmp_path: Path, name: str) -> None:
    path = clips.write_way(tmp_path, name)
    path.write_bytes(path.read_bytes() + b"\x12\x34\x56\x78rubbish" * 5)
    assert len(clips.take(path)[0]) == 30


# A transport stream has no size: only one that ends within a packet is known to be cut.
@pytest.mark.parametrize("name", [name for name in clips.WAYS if not name.endswith(".ts")])
def test_truncated_clips_are_refused(tmp_path: Path, name: str) -> None:
    whole = clips.write_way(tmp_path, name, clips.drifting(15, (64, 48)))
    for tenth in range(1, 10):
        cut = clips.cut(tmp_path / f"cut{whole.suffix}", whole, tenth / 10)
        with pytest.raises(TruncatedClip, match="cut short"):
            clips.take(cut)
    for missing in (2, 3, 50):  # a gif can do without its last byte
        cut = clips.cut(tmp_path / f"cut{whole.suffix}", whole, 1 - missing / whole.stat().st_size)
        with pytest.raises(TruncatedClip):
            clips.take(cut)


@pytest.mark.parametrize("step", [188, 192, 204])
def test_transport_stream_that_ends_within_a_packet(tmp_path: Path, step: int) -> None:
    plain = clips.write_way(tmp_path, "h264-sound.ts", clips.drifting(15, (64, 48))).read_bytes()
    packets = [plain[place : place + 188] for place in range(0, len(plain), 188)]
    before, after = (bytes(4), b"") if step == 192 else (b"", bytes(step - 188))
    path = tmp_path / f"of{step}.ts"
    path.write_bytes(b"".join(before + packet + after for packet in packets))
    assert len(clips.take(path)[0]) == 15
    for kept in (1, 2.5, len(packets) / 2 + 0.25, len(packets) - 0.5):
        path.write_bytes(path.read_bytes()[: int(kept * step) + 7])
        with pytest.raises(TruncatedClip, match="cut short"):
            clips.take(path)
        path.write_bytes(b"".join(before + packet + after for packet in packets))


def test_gif_without_trailer_is_complete(tmp_path: Path) -> None:
    whole = clips.write_way(tmp_path, "grey.gif", clips.drifting(9, (64, 48))).read_bytes()
    assert whole.endswith(b"\0\x3b")
    (tmp_path / "most.gif").write_bytes(whole[:-1])
    assert len(clips.take(tmp_path / "most.gif")[0]) == 9


@pytest.mark.parametrize("more", [8, -8, 100, -100, 2**20])
def test_size_of_riff_means_nothing(tmp_path: Path, more: int) -> None:
    path = clips.write_way(tmp_path, "mpeg4.avi")
    wrong = bytearray(path.read_bytes())
    wrong[4:8] = (int.from_bytes(wrong[4:8], "little") + more).to_bytes(4, "little")
    path.write_bytes(wrong)
    frames, info = clips.take(path)
    assert len(frames) == info.frames_used == 30
    for fraction in (0.1, 0.5, 0.9):
        with pytest.raises(TruncatedClip, match="cut short"):
            clips.take(clips.cut(tmp_path / "cut.avi", path, fraction))


@pytest.mark.parametrize("indexed", [True, False])
def test_list_of_frames_that_counts_its_header(tmp_path: Path, indexed: bool) -> None:
    data = bytearray(clips.write_way(tmp_path, "mpeg4.avi").read_bytes())
    size = data.index(b"movi") - 4
    data[size : size + 4] = (int.from_bytes(data[size : size + 4], "little") + 8).to_bytes(4, "little")
    path = tmp_path / "wrong.avi"
    path.write_bytes(data if indexed else data[: data.rindex(b"idx1")])
    assert len(clips.take(path)[0]) == 30


def test_recording_that_was_never_finished(tmp_path: Path) -> None:
    """Some recorders write the sizes of an avi when they stop; all that was recorded until then can be played."""
    path = clips.write_way(tmp_path, "mpeg4.avi")
    data = bytearray(path.read_bytes()[: path.read_bytes().rindex(b"idx1")])
    movi = data.index(b"movi") - 4
    data[4:8] = data[movi : movi + 4] = bytes(4)
    shutil.copy(path, tmp_path / "whole.avi")
    path.write_bytes(data)
    assert clips.apart(clips.take(path)[0], clips.take(tmp_path / "whole.avi")[0]) == 0


def test_frames_that_are_listed_must_be_there(tmp_path: Path) -> None:
    """Their place may be beyond the end of the file, though each size in the container fits."""
    path = clips.write(tmp_path / "clip.mp4", clips.drifting(60), audio=True)
    data = bytearray(path.read_bytes())
    chunks = data.index(b"stco") + 8
    count = int.from_bytes(data[chunks : chunks + 4], "big")
    assert count > 1
    last = chunks + 4 * count
    data[last : last + 4] = (2**31 - 1).to_bytes(4, "big")
    path.write_bytes(data)
    with pytest.raises(TruncatedClip, match="lists 60 frames"):
        clips.take(path)
