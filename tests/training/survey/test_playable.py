from pathlib import Path

import av
import pytest

from tests.clips import apart, drifting, take, write
from training.survey.playable import plays_in_browsers, write_copy


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options", "plays"),
    [
        ("a.mp4", {}, True),
        ("a.webm", {}, True),
        ("a.mov", {}, False),
        ("a.mkv", {}, False),
        ("a.avi", {}, False),
        ("a.mp4", {"codec": "mpeg4"}, False),
        ("a.mp4", {"pix_fmt": "yuv444p"}, False),
    ],
)
def test_what_browsers_play(name: str, options: dict[str, str], plays: bool, tmp_path: Path) -> None:
    clip = write(tmp_path / name, drifting(3), **options)  # type: ignore[arg-type]
    assert plays_in_browsers(clip) == plays


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "rotation"), [("a.avi", 0), ("a.mkv", 0), ("a.mov", 0), ("a.mov", 90), ("a.mov", 180)]
)
def test_a_copy_shows_the_same_upright_at_the_same_time(name: str, rotation: int, tmp_path: Path) -> None:
    pixels = "yuv420p" if name == "a.avi" else "yuv444p"  # of odd sides
    clip = write(tmp_path / name, drifting(12, (97, 81)), fps=12, rotation=rotation, pix_fmt=pixels)
    write_copy(clip, tmp_path / "copy.mp4")
    assert plays_in_browsers(tmp_path / "copy.mp4")
    frames, info = take(clip)
    copied, about = take(tmp_path / "copy.mp4")
    height, width = (side // 2 * 2 for side in frames[0].shape)
    assert copied[0].shape == (height, width)
    assert len(copied) == len(frames) == 12
    assert about.duration_s == pytest.approx(info.duration_s, abs=0.1)
    assert apart(copied, [frame[:height, :width] for frame in frames]) < 8
    with av.open(str(tmp_path / "copy.mp4")) as opened:
        assert not opened.streams.audio


@pytest.mark.slow
def test_large_clips_are_scaled_down(tmp_path: Path) -> None:
    clip = write(tmp_path / "large.mkv", drifting(2, (1920, 1080)))
    write_copy(clip, tmp_path / "copy.mp4")
    assert take(tmp_path / "copy.mp4")[0][0].shape == (720, 1280)
