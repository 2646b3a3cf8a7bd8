"""Repeated frames are left out, and nothing else is: neither of a still scene nor of slow motion."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from models.video.repeats import without_repeats
from tests import clips

Grey = clips.Grey
LOSSY = {"preset": "veryfast", "crf": "26", "threads": "1"}
SIZE = (128, 96)


def played(frames: Iterable[Grey], rate: Fraction, count: int) -> Iterator[tuple[int, Grey]]:
    """`count` frames, each with its number, shown at another rate that is `rate` times as high."""
    numbered = list(enumerate(frames))
    for frame in range(count):
        yield numbered[int(frame / rate)]


def noisy(frames: Iterable[Grey], deviation: float = 3) -> Iterator[Grey]:
    """Frames with a camera's noise."""
    rng = np.random.default_rng(0)
    for frame in frames:
        yield np.clip(frame + rng.normal(0, deviation, frame.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("fps", [Fraction(15, 2), 10, Fraction(25, 2), 15, 20, 24, 25])
@pytest.mark.parametrize("options", [{"preset": "ultrafast", "qp": "8"}, LOSSY])
@pytest.mark.parametrize("noise", [0, 3])
def test_a_lower_rate_shown_at_thirty(tmp_path: Path, fps: Fraction, options: dict[str, str], noise: float) -> None:
    shown = list(played(noisy(clips.drifting(60, SIZE), noise), 30 / Fraction(fps), 60))
    path = clips.write(tmp_path / "clip.mp4", [frame for _, frame in shown], options=options)
    frames, info = clips.take(path)
    different = len({number for number, _ in shown})
    # At the beginning too little is known.
    assert different <= len(frames) <= different + 4
    assert info.duration_s == pytest.approx(2, abs=0.01)
    assert info.fps == pytest.approx(30)


def test_what_is_left_is_the_clip_at_its_own_rate(tmp_path: Path) -> None:
    source = list(clips.drifting(30, SIZE))
    twice = [frame for frame in source for _ in range(2)]
    frames, _ = clips.take(clips.write(tmp_path / "twice.mp4", twice))
    assert clips.apart(frames[:29], source[:29]) < 6


def kept(frames: Iterable[Grey]) -> int:
    """How many frames are not left out."""
    return sum(1 for _ in without_repeats((frame, None) for frame in frames))


def test_scenes_without_repeats_are_left_alone(tmp_path: Path) -> None:
    assert kept(clips.still(60)) == 60
    assert kept(noisy(clips.still(60), 1)) == 60
    assert kept(clips.drifting(60, step=(0.4, 0.2))) == 60
    assert kept(clips.drifting(60, step=(5, 3))) == 60
    lossy = clips.write(tmp_path / "still.mp4", noisy(clips.still(60), 1), options=LOSSY)
    assert len(clips.take(lossy)[0]) == 60


def test_cuts_flashes_and_pauses_are_no_repeats() -> None:
    a, b = list(clips.drifting(30, SIZE, step=(0.5, 0.2))), list(clips.drifting(30, SIZE, seed=1, step=(0.5, 0.2)))
    assert kept(a + b) == 60
    flashed = [*a[:15], np.full_like(a[0], 255), *a[15:]]
    assert kept(flashed) == 31
    paused = [*a, *[a[-1]] * 30, *clips.drifting(30, SIZE, step=(0.5, 0.2))]
    assert kept(paused) == 90


def test_short_parts_of_other_sizes_are_no_repeats() -> None:
    parts = [clips.drifting(5, size, step=(5, 3)) for size in ((96, 64), (64, 112), (96, 64), (120, 80))]
    assert kept(frame for part in parts for frame in part) == 20
