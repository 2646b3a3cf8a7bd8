"""Clips with a time that damage has made wrong: it makes none of them longer."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from models.errors import ClipTooLong
from models.video.decoding import Video
from models.video.excerpt import WHOLE, Excerpt
from tests import clips

FRAMES = 100
FPS = 25
STREAMS: dict[str, dict[str, Any]] = {
    "exchanged frames": {"options": {"bf": "2", "g": "25"}},
    "frames in order": {"options": {"bf": "0", "g": "25"}},
    "mpeg2": {"codec": "mpeg2video", "options": {"bf": "2"}},
}


def times_of_frames(stream: bytes | bytearray) -> list[int]:
    """Where the PTS of each frame of a transport stream is: 9 bytes into the header of a PES packet of video."""
    found = []
    for begin in range(0, len(stream), 188):
        packet = stream[begin : begin + 188]
        start = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
        if packet[1] & 0x40 and packet[start : start + 4] == b"\0\0\1\xe0":
            found.append(begin + start + 9)
    return found


def read(path: Path, excerpt: Excerpt = WHOLE) -> tuple[list[bytes], float, float, list[str]]:
    """The frames, the seconds shown, the start of the last frame, and the warnings."""
    with Video(path, repeats=True, excerpt=excerpt) as video:
        frames = [frame.tobytes() for frame in video]
        return frames, round(video.info.duration_s, 3), round(video.used[-1].shown_s, 3), video.warnings


@pytest.fixture(scope="module", params=STREAMS)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An undamaged transport stream of four seconds."""
    path = tmp_path_factory.mktemp("strays") / "whole.ts"
    return clips.write(path, clips.drifting(FRAMES), fps=FPS, **STREAMS[request.param])


# Bits of the 33 of a PTS that make leaps of 12 s to 13 h, up and down.
@pytest.mark.parametrize(("byte", "bit"), [(0, 0x02), (0, 0x08), (1, 0x01), (1, 0x08), (1, 0x80), (2, 0x80)])
@pytest.mark.parametrize("place", [0, 1, 24, 50, 51, 98, 99])
def test_one_wrong_time_changes_nothing(tmp_path: Path, whole: Path, place: int, byte: int, bit: int) -> None:
    damaged = bytearray(whole.read_bytes())
    places = times_of_frames(damaged)
    assert len(places) == FRAMES
    damaged[places[place] + byte] ^= bit
    path = tmp_path / "damaged.ts"
    path.write_bytes(damaged)
    assert read(path) == read(whole)
    assert read(whole)[1:] == (4.0, 3.96, [])


def test_several_wrong_times_far_apart(tmp_path: Path, whole: Path) -> None:
    damaged = bytearray(whole.read_bytes())
    for place in times_of_frames(damaged)[3:FRAMES:12]:
        damaged[place + 1] ^= 0x80
    path = tmp_path / "damaged.ts"
    path.write_bytes(damaged)
    assert read(path) == read(whole)


def test_a_part_of_a_clip_with_a_wrong_time(tmp_path: Path, whole: Path) -> None:
    damaged = bytearray(whole.read_bytes())
    damaged[times_of_frames(damaged)[60] + 1] ^= 0x80
    path = tmp_path / "damaged.ts"
    path.write_bytes(damaged)
    part = Excerpt(start_s=2, end_s=3)
    assert read(path, part) == read(whole, part)


def test_a_stream_whose_times_do_leap_is_as_long_as_it_says(tmp_path: Path, whole: Path) -> None:
    damaged = bytearray(whole.read_bytes())
    for place in times_of_frames(damaged)[50:]:
        damaged[place + 1] ^= 0x08
    path = tmp_path / "leap.ts"
    path.write_bytes(damaged)
    with pytest.raises(ClipTooLong):
        read(path)


def test_slides_are_no_strays(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "slides.mkv", clips.drifting(6), times=[0, 9, 18, 27, 36, 45], fps=Fraction(1, 9))
    assert read(path)[2] == 45
    long = clips.write(tmp_path / "long.mkv", clips.drifting(4), times=[0, 50, 50.5, 51])
    assert read(long)[2] == 51
