"""Which frames are used of a clip that has more of them than are tracked."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.video.decoding import Video
from models.video.thinning import FEWEST, Thinning, thinned_rate
from tests import clips


@pytest.mark.parametrize(("fps", "n"), [(12, 1), (20, 1), (24, 2), (25, 2), (30, 2), (50, 3), (60, 4), (120, 8)])
@pytest.mark.parametrize("suffix", ["mp4", "mkv"])  # Matroska rounds times to milliseconds
def test_every_nth_frame_is_used(tmp_path: Path, suffix: str, fps: int, n: int) -> None:
    source = list(clips.drifting(n * 40, (96, 64)))
    clip = clips.write(tmp_path / f"clip.{suffix}", source, fps=fps)
    with Video(clip, fps=15) as video:
        frames = [*video]
        info = video.info
    assert clips.apart(frames, source[::n]) < 6
    assert info.frames_used == 40
    assert info.fps == pytest.approx(fps, rel=0.01)
    assert info.duration_s == pytest.approx(n * 40 / fps, abs=0.01)


@pytest.mark.parametrize(("count", "used"), [(20, 20), (63, 63), (64, 32), (80, 40)])
def test_enough_is_left_of_a_short_clip(tmp_path: Path, count: int, used: int) -> None:
    clip = clips.write(tmp_path / "clip.mp4", clips.drifting(count, (96, 64)), fps=30)
    with Video(clip, fps=15) as video:
        assert len([*video]) == used


@given(st.floats(1, 1000), st.integers(1, 20_000), st.none() | st.floats(5, 60), st.floats(5, 60))
def test_rate_is_that_of_every_nth_frame(rate: float, frames: int, fps: float | None, most: float) -> None:
    thinned = thinned_rate(rate, frames, fps, most)
    assert thinned <= most
    if thinned < most:
        n = rate / thinned
        assert n == pytest.approx(round(n))
        assert frames // round(n) >= FEWEST
        assert round(n) > 1
        assert fps is not None
        assert thinned >= fps / 1.5


@given(st.integers(1, 8), st.sampled_from([24, 25, 29.97, 30, 50, 59.94, 60]), st.floats(0, 0.2))
def test_jitter_does_not_matter(n: int, rate: float, jitter: float) -> None:
    thinning = Thinning(rate / n, rate)
    late = (0.0, jitter, -jitter)
    kept = [frame for frame in range(200) if thinning.keeps((frame + late[frame % 3]) / rate)]
    assert kept == list(range(0, 200, n))
