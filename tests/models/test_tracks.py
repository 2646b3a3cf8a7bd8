"""Trajectories that are shown follow what moves: in pixels of the clip as displayed, and in its time."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.encoded_clip import MOST_TRACKS, TrackSample
from models.encoder import ClipEncoder
from models.video.excerpt import Excerpt
from tests import clips
from tests.clips import Grey
from tests.models.test_encoder import encoder  # noqa: F401 - a fixture
from tests.models.video.test_display import SAMPLE_ENTRY, aperture

SIZE = (640, 480)
SIDE = 160
SPEED = (90.0, 30.0)
"""px a second"""
BEGIN = (40.0, 100.0)
FPS = 30

Points = NDArray[np.float64]


def centre(seconds: Points) -> Points:
    """Where the middle of the square is, (n, 2) px of the frames as they are coded."""
    return np.asarray(np.array(BEGIN) + SIDE / 2 + seconds[..., None] * np.array(SPEED))


def square(count: int, times: list[float] | None = None, size: tuple[int, int] = SIZE) -> Iterator[Grey]:
    """A textured square that moves in front of a stronger texture, which does not: the camera stands still."""
    y, x = np.mgrid[: size[1], : size[0]]
    ground = 128 + 110 * np.sin(x / 11) * np.sin(y / 13)
    patch = 128 + 60 * np.sin(x / 9 + y / 40)[:SIDE, :SIDE] * np.cos(y / 7 - x / 50)[:SIDE, :SIDE]
    for seconds in times or [number / FPS for number in range(count)]:
        frame = ground.copy()
        left, top = np.rint(centre(np.array(seconds)) - SIDE / 2).astype(int)
        frame[top : top + SIDE, left : left + SIDE] = patch
        yield frame.astype(np.uint8)


def scaled(path: Path) -> Path:
    return clips.write(path, square(96))


def turned(path: Path) -> Path:
    return clips.write(path, square(96), rotation=90)


def cropped(path: Path) -> Path:
    """60 px less at the left and 40 at the top; 20 at the right."""
    whole = clips.write(path, square(96)).read_bytes()
    box = aperture(Fraction(560), Fraction(440), Fraction(20), Fraction(20))
    path.write_bytes(clips.insert_box(whole, SAMPLE_ENTRY, box))
    return path


def stretched(path: Path) -> Path:
    return clips.write(path, square(96), aspect=Fraction(3, 2))


def late(path: Path) -> Path:
    """The file's own times do not begin at 0."""
    times = [number / FPS for number in range(96)]
    return clips.write(path, square(96, times), times=[4 + time for time in times])


MADE: dict[str, tuple[Callable[[Path], Path], tuple[int, int], Callable[[Points], Points], float]] = {
    "scaled": (scaled, (640, 480), lambda xy: xy, 1.0),
    "turned": (turned, (480, 640), lambda xy: np.stack([xy[..., 1], 640 - xy[..., 0]], -1), 1.0),
    "cropped": (cropped, (560, 440), lambda xy: xy - (60, 40), 1.0),
    "stretched": (stretched, (960, 480), lambda xy: xy * (1.5, 1), 1.5),
    "late": (late, (640, 480), lambda xy: xy, 1.0),
}


def check(
    sample: TrackSample | None, displayed: Callable[[Points], Points], wider: float = 1.0, *, period: float = 60.0
) -> None:
    """Half of the trajectories move as the square does, and these fill it, whenever they are shown."""
    assert sample is not None
    assert len(sample.points) == len(sample.starts_s) == MOST_TRACKS
    assert sample.step_s == pytest.approx(2 / FPS, abs=0.001)
    times = np.array(sample.starts_s)[:, None] % period + np.arange(16) * sample.step_s
    wanted = displayed(centre(times))
    way = (wanted[:, -1] - wanted[:, 0])[0]
    moving = np.all(np.abs(sample.points[:, -1] - sample.points[:, 0] - way) < 0.1 * np.abs(way).max(), axis=1)
    assert moving.mean() > 0.4
    low, high = np.percentile((sample.points - wanted)[moving].reshape(-1, 2), [1, 99], axis=0)
    half = np.array((wider * SIDE / 2, SIDE / 2))
    assert np.all(np.abs(low + half) < 0.2 * half)
    assert np.all(np.abs(high - half) < 0.2 * half)
    assert np.all(np.abs(low + high) < 8 * wider)


@pytest.mark.parametrize("how", MADE)
def test_tracks_follow_what_moves(encoder: ClipEncoder, tmp_path: Path, how: str) -> None:  # noqa: F811
    write, size, displayed, wider = MADE[how]
    encoded = encoder.encode(write(tmp_path / "clip.mp4"), tracks=True)
    assert (encoded.video.width, encoded.video.height) == size
    check(encoded.tracks, displayed, wider)
    assert encoded.tracks is not None
    assert encoded.tracks.starts_s[0] == pytest.approx(0, abs=0.1)
    assert encoded.tracks.starts_s[-1] == pytest.approx(96 / FPS - 1, abs=0.15)


@pytest.mark.parametrize("how", ["scaled", "turned", "late"])
def test_tracks_of_an_excerpt_are_in_the_time_of_the_file(
    encoder: ClipEncoder,  # noqa: F811
    tmp_path: Path,
    how: str,
) -> None:
    write, _, displayed, wider = MADE[how]
    encoded = encoder.encode(write(tmp_path / "clip.mp4"), tracks=True, excerpt=Excerpt(start_s=1.0, end_s=3.17))
    check(encoded.tracks, displayed, wider)
    assert encoded.tracks is not None
    assert encoded.tracks.starts_s[0] == pytest.approx(1, abs=0.1)


def test_tracks_begin_when_their_frames_are_shown(encoder: ClipEncoder, tmp_path: Path) -> None:  # noqa: F811
    """In a clip that runs at half the rate from its second second on."""
    times = [number / FPS if number < 60 else 2 + (number - 60) / 15 for number in range(90)]
    encoded = encoder.encode(clips.write(tmp_path / "clip.mp4", square(90, times), times=times), tracks=True)
    sample = encoded.tracks
    assert sample is not None
    starts = np.array(sample.starts_s)
    used = np.array(times)
    assert np.abs(starts[:, None] - used).min(axis=1).max() < 0.001
    assert starts.max() > 2.5
    for part in (starts < 1, starts > 2):
        away = (sample.points[:, 0] - centre(starts))[part]
        assert np.mean(np.abs(away).max(axis=1) < SIDE / 2 + 24) > 0.8


def test_tracks_of_pieces_are_in_the_time_of_the_file(encoder: ClipEncoder, tmp_path: Path) -> None:  # noqa: F811
    """The square begins anew every three seconds."""
    path = clips.write(
        tmp_path / "long.mp4", list(square(90)) * 10, options={"preset": "ultrafast", "qp": "20", "g": "30"}
    )
    encoded = encoder.encode(path, tracks=True)
    assert encoded.video.analysed_s < encoded.video.duration_s / 2
    check(encoded.tracks, lambda xy: xy, period=3)
    assert encoded.tracks is not None
    assert encoded.tracks.starts_s[-1] > 20


def test_threads_change_no_track_and_nobody_gets_one_unasked(
    encoder: ClipEncoder,  # noqa: F811
    tmp_path: Path,
) -> None:
    path = scaled(tmp_path / "clip.mp4")
    one, two = (encoder.encode(path, tracks=True, threads=threads).tracks for threads in (1, 3))
    assert one is not None
    assert two is not None
    assert one.points.tobytes() == two.points.tobytes()
    assert (one.starts_s, one.step_s) == (two.starts_s, two.step_s)
    assert encoder.encode(path).tracks is None
