"""Pieces of long clips: which they are, and that their frames are those of the whole clip."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from models.errors import TruncatedClip
from models.video.decoding import Video
from models.video.pictures import PictureSampler
from models.video.pieces import SHORTEST, UNCUT, Piece, pieces
from tests import clips

FRAMES = 720


def looking(count: int = FRAMES, size: tuple[int, int] = (96, 72)) -> Iterator[clips.Grey]:
    """Frames no two of which are equal."""
    return clips.drifting(count, size, step=(1.3, 0.7))


def indices(found: Sequence[Piece], stamps: Sequence[int]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for piece in found:
        begin, end = stamps.index(piece.begin), len(stamps) if piece.end is None else stamps.index(piece.end)
        spans.append((begin, min(end, begin + (piece.frames or end))))
    return spans


def test_pieces_are_spread_from_the_first_frame_to_the_last() -> None:
    stamps = list(range(1000, 1000 + 512 * 1800, 512))
    found = pieces(stamps, stamps[:1], stamps[:1])
    spans = indices(found, stamps)
    assert spans[0][0] == 0
    assert spans[-1][1] == len(stamps)
    distances = np.diff([begin for begin, _ in spans])
    assert 220 <= min(distances) <= max(distances) <= 280
    assert 150 <= sum(end - begin for begin, end in spans) <= UNCUT


@pytest.mark.parametrize("cuts", [0, 5, 9, 15, 40])
def test_no_shot_is_left_out(cuts: int) -> None:
    stamps = list(range(1800))
    drawn = np.random.default_rng(cuts).choice(np.arange(1, 1800 // 20), cuts, replace=False) * 20
    shots = [0, *sorted(drawn.tolist())]
    spans = indices(pieces(stamps, shots, shots), stamps)
    for begin, end in pairwise([*shots, 1800]):
        assert any(begin <= first and last <= end for first, last in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    assert min(last - first for first, last in spans) >= SHORTEST
    assert sum(last - first for first, last in spans) <= max(UNCUT, SHORTEST * len(shots))


def test_pieces_begin_at_key_frames_that_are_near() -> None:
    stamps = list(range(1800))
    keys = range(7, 1800, 60)
    begins = [piece.begin for piece in pieces(stamps, keys, [0])]
    assert set(begins[1:-1]) <= set(keys)


def split(path: Path, **options: object) -> tuple[list[list[bytes]], Video]:
    with Video(path, in_pieces=True, **options) as video:  # type: ignore[arg-type]
        return [[frame.tobytes() for frame in piece] for piece in video.pieces()], video


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("clip.mp4", None, {"preset": "ultrafast", "qp": "12", "bf": "2", "g": "40"}),
        ("clip.mkv", None, {"preset": "ultrafast", "qp": "12", "bf": "3", "g": "50", "x264-params": "open-gop=1"}),
        ("clip.ts", None, {"preset": "ultrafast", "qp": "12", "bf": "2", "g": "60"}),
        ("one.mp4", None, {"preset": "ultrafast", "qp": "12", "bf": "2", "g": "9999"}),
        ("refresh.mp4", None, {"preset": "ultrafast", "qp": "12", "x264-params": "intra-refresh=1:keyint=60"}),
        ("clip.mov", "libx265", {"preset": "ultrafast", "x265-params": "log-level=none:keyint=48:bframes=3"}),
        ("clip.webm", None, {"deadline": "realtime", "cpu-used": "8", "crf": "10", "g": "45"}),
        ("clip.avi", None, {"qscale": "2", "flags": "+qscale", "global_quality": "236", "g": "30"}),
        ("order.avi", None, {"qscale": "2", "flags": "+qscale", "global_quality": "236", "g": "30", "bf": "2"}),
        ("clip.gif", None, None),
    ],
)  # fmt: skip
def test_frames_of_pieces_are_those_of_the_whole(
    tmp_path: Path, name: str, codec: str | None, options: dict[str, str] | None
) -> None:
    gif = {"pix_fmt": "gray", "full_range": True, "fps": 25} if name.endswith(".gif") else {}
    path = clips.write(tmp_path / name, looking(), codec=codec, options=options, **gif)  # type: ignore[arg-type]
    with Video(path, repeats=True) as video:
        places = {frame.tobytes(): place for place, frame in enumerate(video)}
        whole = video.info
    assert len(places) == FRAMES
    found, video = split(path, repeats=True)
    for piece in found:
        begin = places[piece[0]]
        assert [places[frame] for frame in piece] == list(range(begin, begin + len(piece)))
    begins = [places[piece[0]] for piece in found]
    assert begins == sorted(begins)
    assert len(found) == 8
    assert places[found[0][0]] == 0
    assert places[found[-1][-1]] == FRAMES - 1
    info = video.info
    assert info.frames_used == sum(map(len, found)) <= UNCUT
    assert (info.duration_s, info.width, info.height) == (whole.duration_s, whole.width, whole.height)
    assert info.fps == pytest.approx(whole.fps)
    assert info.analysed_s == pytest.approx(info.frames_used / whole.fps, abs=0.3)
    assert not video.warnings


def test_most_of_what_lies_between_pieces_is_not_decoded(tmp_path: Path) -> None:
    options = {"preset": "ultrafast", "qp": "20", "bf": "0", "g": "30"}
    path = clips.write(tmp_path / "clip.mp4", looking(1800), options=options)
    found, video = split(path)
    frames = sum(map(len, found))
    assert frames <= video._losses.decoded <= 1.3 * frames
    assert video._losses.passed == 1800 - video._losses.decoded


def test_threads_that_decode_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.video.work._LARGE", 0)
    path = clips.write(tmp_path / "clip.mp4", looking(), options={"preset": "veryfast", "g": "50"})
    (one, alone), (many, together) = (split(path, threads=threads) for threads in (1, 4))
    assert one == many
    assert alone.info == together.info
    assert together.warnings == []


def test_a_clip_of_twelve_seconds_is_looked_at_as_a_whole(tmp_path: Path) -> None:
    found, video = split(clips.write(tmp_path / "clip.mp4", looking(2 * UNCUT)), fps=15)
    assert video.whole
    assert [len(piece) for piece in found] == [UNCUT]
    assert video.info.analysed_s == video.info.duration_s == pytest.approx(12)


@pytest.mark.parametrize("scenecut", ["40", "0"])
def test_each_shot_has_a_piece(tmp_path: Path, scenecut: str) -> None:
    """Shots of two seconds, between others of ten; some encoders put key frames where they begin, and others do not."""

    def shots() -> Iterator[clips.Grey]:
        for number, count in enumerate([300, 60, 300, 60]):
            ground = np.random.default_rng(number).integers(0, 32, (36, 48)).repeat(2, 0).repeat(2, 1)
            for frame in clips.drifting(count, (96, 72), seed=number):
                yield (frame // 10 + ground + 60 * number).astype(np.uint8)

    path = clips.write(
        tmp_path / "clip.mp4", shots(), options={"preset": "veryfast", "sc_threshold": scenecut, "g": "250"}
    )
    found, _ = split(path)
    seen = {int(np.frombuffer(piece[0], np.uint8).mean()) // 60 for piece in found}
    assert seen == {0, 1, 2, 3}


def test_repeated_frames_count_once(tmp_path: Path) -> None:
    """A clip of 15 frames a second, exported at 30: a piece still has frames for a trajectory."""
    frames = (frame for frame in looking(450) for _ in range(2))
    options = {"preset": "ultrafast", "qp": "12", "bf": "2", "g": "60"}
    found, video = split(clips.write(tmp_path / "clip.mp4", frames, options=options))
    assert min(map(len, found[:-1])) >= SHORTEST
    assert video.info.analysed_s == pytest.approx(2 * video.info.frames_used / 30, rel=0.1)


def test_pictures_are_spread_over_the_whole_clip(tmp_path: Path) -> None:
    """The brightness tells the time."""
    frames = (np.full((64, 64), 16 + place // 4, np.uint8) for place in range(FRAMES))
    path = clips.write(tmp_path / "clip.mp4", frames, full_range=True)
    sampler = PictureSampler(8, short_side=64, side=64)
    split(path, sampler=sampler)
    times = [4 * (picture.mean() - 16) / FRAMES for picture in sampler.pictures()]
    assert times == pytest.approx((np.arange(8) + 0.5) / 8, abs=0.125)


def test_a_clip_without_its_end_is_refused(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "clip.mp4", looking(), options={"preset": "ultrafast", "qp": "12", "g": "40"})
    content = path.read_bytes()
    begin, end = content.index(b"mdat"), content.rindex(b"moov")
    cut = begin + (end - begin) * 24 // 25
    path.write_bytes(content[:cut] + bytes(end - 4 - cut) + content[end - 4 :])
    with pytest.raises(TruncatedClip):
        split(path)
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(TruncatedClip):
        split(path)


def test_damage_to_what_is_looked_at_is_told(tmp_path: Path) -> None:
    options = {"preset": "ultrafast", "qp": "12", "bf": "0", "g": "40"}
    path = clips.write(tmp_path / "clip.mkv", looking(), options=options)
    found, video = split(path)

    def with_damage(place: int) -> list[str]:
        damaged = clips.remux(
            tmp_path / "damaged.mkv",
            path,
            lambda packets: [
                clips.damaged(packet) if number == place else packet for number, packet in enumerate(packets)
            ],
        )
        return split(damaged)[1].warnings

    [warning] = with_damage(5)
    assert re.match(r"1 of the clip's \d{3} frames that were analysed cannot be decoded and is left out", warning)
    assert int(warning.split()[4]) == pytest.approx(FRAMES - video._losses.passed, abs=2)
    assert with_damage(len(found[0]) + 6) == []
