"""Clips that change their size: each part keeps its aspect, and the longest says how large all are."""

from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.trajectories.extractor import extract
from models.trajectories.settings import TrajectorySettings
from models.video.decoding import Video
from models.video.info import VideoInfo
from tests import clips

Size = tuple[int, int]


def join(path: Path, parts: list[tuple[int, Size]]) -> Path:
    """An H.264 clip whose parts have other sizes: (frames, (width, height)) of each."""
    raw = path.with_suffix(".h264")
    data = b""
    for number, (count, size) in enumerate(parts):
        frames = clips.drifting(count, size, seed=number)
        part = clips.write(raw, frames, codec="libx264", options={"bf": "0", "preset": "ultrafast", "qp": "8"})
        data += part.read_bytes()
    raw.write_bytes(data)

    def timed(packets: list[Any]) -> list[Any]:
        for number, packet in enumerate(packets):
            packet.pts, packet.dts, packet.duration = number, number, 1
            packet.time_base = Fraction(1, 30)
        return packets

    return clips.remux(path, raw, timed)


def read(path: Path, side: int | None = None) -> tuple[list[tuple[Size, int]], VideoInfo]:
    """Sizes of the frames, how many follow each other with each, and the clip's info."""
    with Video(path, working_side=side) as video:
        shapes = [(frame.shape[1], frame.shape[0]) for frame in video]
        assert video.size in shapes
        return [(size, len(list(run))) for size, run in groupby(shapes)], video.info


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_sender_that_steps_up(tmp_path: Path, suffix: str) -> None:
    """The first second of a live clip is small; it is scaled up to what follows."""
    path = join(tmp_path / f"steps.{suffix}", [(30, (84, 64)), (90, (340, 256))])
    sizes, info = read(path, 240)
    assert sizes == [((317, 242), 30), ((319, 240), 90)]
    assert (info.width, info.height) == (340, 256)
    assert info.duration_s == pytest.approx(4, abs=0.01)


def test_phone_that_is_turned(tmp_path: Path) -> None:
    path = join(tmp_path / "turned.mkv", [(40, (320, 240)), (60, (180, 320))])
    sizes, info = read(path)
    assert sizes == [((277, 208), 40), ((180, 320), 60)]
    assert (info.width, info.height) == (180, 320)


def test_aspect_is_kept(tmp_path: Path) -> None:
    path = join(tmp_path / "turned.mkv", [(30, (320, 240)), (12, (240, 320))])
    with Video(path) as video:
        frames = list(video)
    wanted = [*clips.drifting(30, (320, 240)), *clips.drifting(12, (240, 320), seed=1)]
    assert clips.apart(frames, wanted) < 6


def test_pictures_of_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every frame is a key frame, too, the size that lasts longest counts."""
    monkeypatch.setattr("models.video.decoding.without_repeats", iter)
    jpegs = [clips.jpeg((160, 120))] * 3 + [clips.jpeg((80, 60))] * 4 + [clips.jpeg((320, 200))] * 3
    sizes, info = read(clips.write_jpegs(tmp_path / "mixed.avi", jpegs, (160, 120)))
    assert sizes == [((80, 60), 7), ((88, 55), 3)]
    assert (info.width, info.height) == (80, 60)


def test_extreme_sizes_take_no_more_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.video.decoding.without_repeats", iter)
    jpegs = [clips.jpeg((1600, 8))] * 2 + [clips.jpeg((160, 120))] * 4
    sizes, _ = read(clips.write_jpegs(tmp_path / "wide.avi", jpegs, (1600, 8)))
    assert sizes[1] == ((160, 120), 4)
    (width, height), _ = sizes[0]
    assert width * height == pytest.approx(160 * 120, rel=0.1)


def test_tracks_start_anew(tmp_path: Path) -> None:
    """The trajectories of a clip are those of its parts."""
    settings = TrajectorySettings()
    parts = [
        list(clips.drifting(30, (160, 120))),
        list(clips.drifting(10, (96, 96))),
        list(clips.drifting(40, (120, 160))),
    ]
    found = list(extract((frame for part in parts for frame in part), settings))
    alone = [list(extract(part, settings)) for part in parts]
    assert not alone[1]
    for batch, wanted in zip(found, alone[0] + alone[2], strict=True):
        np.testing.assert_array_equal(batch.descriptors, wanted.descriptors)
        np.testing.assert_array_equal(batch.points, wanted.points)
    frames = [int(frame) for batch in found for frame in batch.frames]
    assert frames == [int(frame) for batch in alone[0] for frame in batch.frames] + [
        40 + int(frame) for batch in alone[2] for frame in batch.frames
    ]
