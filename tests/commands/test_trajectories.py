import json
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from commands import stage_times
from models.trajectories.extractor import STAGES, extract
from models.trajectories.settings import TrajectorySettings
from models.video.decoding import Video
from tests.clips import drifting, still, write
from tests.commands.conftest import Run


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip that `fast` scales down, of odd sides."""
    return write(tmp_path_factory.mktemp("clips") / "large.mkv", drifting(18, (433, 321)), pix_fmt="yuv444p")


def test_dump_holds_what_the_extractor_finds(clip: Path, tmp_path: Path, run: Run) -> None:
    ended = run("trajectories", clip, "--dump", tmp_path / "dump.tsv.gz")
    table = np.loadtxt(tmp_path / "dump.tsv.gz", delimiter="\t")
    settings = TrajectorySettings()
    with Video(clip, working_side=settings.working_side) as video:
        batches = list(extract(video, settings))
    assert table.shape == (sum(map(len, batches)), 436)
    assert np.allclose(table[:, 10:], np.concatenate([batch.descriptors for batch in batches]), atol=1e-6)
    assert np.allclose(table[:, 1:3], np.concatenate([batch.means for batch in batches]), atol=1e-5)
    assert ended.code == 0
    assert f"{len(table)} trajectories in 30 frames of 160x120" in ended.out


@pytest.mark.slow
def test_dump_is_in_pixels_of_the_clip(large: Path, tmp_path: Path, run: Run) -> None:
    # Blobs drift at this speed in the clip's own pixels, whatever the size it is worked at.
    for setting in ("fast", "reference"):
        assert run("trajectories", large, "--setting", setting, "--dump", tmp_path / setting).code == 0
    fast, reference = (np.loadtxt(tmp_path / setting, delimiter="\t") for setting in ("fast", "reference"))
    for column in (1, 2, 5):
        assert np.median(fast[:, column]) == pytest.approx(np.median(reference[:, column]), rel=0.15)
    assert np.isclose(reference[:, 6, None], 2 ** (np.arange(8) / 2), atol=1e-5).any(axis=1).all()


def test_drawing_of_a_video_has_every_frame(large: Path, tmp_path: Path, run: Run) -> None:
    assert run("trajectories", large, "--draw", tmp_path / "tracks.mp4").code == 0
    with av.open(str(tmp_path / "tracks.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
    assert len(frames) == 18
    # Colour is what was drawn: none before the first point moves, some after it.
    coloured = [(np.ptp(frame, axis=2) > 60).sum() for frame in frames]
    assert coloured[0] == 0
    assert min(coloured[4:14]) > 0
    assert [path.name for path in tmp_path.iterdir()] == ["tracks.mp4"]


def test_drawing_of_a_sheet_is_a_grid(clip: Path, tmp_path: Path, run: Run) -> None:
    assert run("trajectories", clip, "--draw", tmp_path / "tracks.png").code == 0
    sheet = cv2.imread(str(tmp_path / "tracks.png"))
    assert sheet is not None
    assert sheet.shape == (3 * 120, 4 * 160, 3)
    assert (np.ptp(sheet.astype(int), axis=2) > 60).sum() > 0


def test_few_frames_and_no_motion_are_defined(tmp_path: Path, run: Run) -> None:
    short = write(tmp_path / "short.mp4", islice(drifting(30), 5))
    frozen = write(tmp_path / "frozen.mp4", still(20))
    for clip in (short, frozen):
        ended = run("trajectories", clip, "--dump", tmp_path / "dump", "--draw", tmp_path / "sheet.png")
        assert ended.code == 0
        assert "0 trajectories" in ended.out
        assert (tmp_path / "dump").read_bytes() == b""


def test_a_bad_clip_ends_with_1_and_leaves_no_file(tmp_path: Path, run: Run) -> None:
    (tmp_path / "text.mp4").write_text("not a video")
    ended = run("trajectories", tmp_path / "text.mp4", "--dump", tmp_path / "dump")
    assert ended.code == 1
    assert ended.err.startswith(f"tag2vec: {tmp_path / 'text.mp4'}: not_a_video: ")
    assert not (tmp_path / "dump").exists()


def test_wrong_names_and_folders_are_told(clip: Path, tmp_path: Path, run: Run) -> None:
    assert run("trajectories", clip, "--draw", tmp_path / "tracks.gif").code == 2
    for option, name in (("--dump", "dump"), ("--draw", "t.mp4"), ("--draw", "t.png")):
        ended = run("trajectories", clip, option, tmp_path / "nowhere" / name)
        assert ended.code == 3
        assert ended.out == ""
        assert f"the folder {tmp_path / 'nowhere'} does not exist" in ended.err
        assert ended.err.count("\n") == 1


def test_a_clip_that_cannot_be_read_is_told_as_by_suggest(tmp_path: Path, run: Run) -> None:
    for name, reason in (("absent.mp4", "No such file or directory"), ("", "Is a directory")):
        ended = run("trajectories", tmp_path / name)
        assert (ended.code, ended.err) == (1, f"tag2vec: {tmp_path / name}: unreadable: {reason}\n")


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["fast", "reference"])
def test_timings_are_one_json_object(
    setting: str, bundle: Path, large: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage_times, "SHIPPED", bundle)
    ended = run("trajectories", large, "--setting", setting, "--threads", 1, "--timings")
    measured = json.loads(ended.out)
    spent = measured.pop("ms_per_frame")
    working = (433, 321) if setting == "reference" else (324, 240)
    assert measured == {
        "frames": 18,
        "width": 433,
        "height": 321,
        "working_width": working[0],
        "working_height": working[1],
        "threads": 1,
    }
    assert list(spent) == ["decode", *STAGES, "fisher", "appearance", "total"]
    assert all(value > 0 for value in spent.values())
    stages = sum(spent.values()) - spent["total"]
    assert 0.5 * spent["total"] < stages < 1.5 * spent["total"]
