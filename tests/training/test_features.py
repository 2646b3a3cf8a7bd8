import logging
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from models.trajectories.extractor import extract
from models.video.decoding import Video
from tests.clips import still, write
from training.artifacts import Artifacts
from training.clips import Clip
from training.config import Config
from training.descriptors import DescriptorsError, read_descriptors
from training.features import FeaturesError, extract_features, read_kept, read_table
from training.workers import in_processes


@pytest.fixture
def describe(trained: Config, tmp_path: Path) -> Callable[[list[Clip]], None]:
    def run(clips: list[Clip]) -> None:
        extract_features(
            tmp_path,
            Artifacts.under(tmp_path),
            clips=clips,
            root=tmp_path,
            settings=trained.trajectories,
            execute=partial(in_processes, workers=2),
        )

    return run


def clip(name: str) -> Clip:
    return Clip(path=name, category="c", hashtag="c", group=name)


def test_descriptors_are_those_of_the_pipeline(trained: Config) -> None:
    kept = read_kept(trained.work / "features")
    assert len(kept) == 12
    row = kept[3]
    descriptors = read_descriptors(trained.work / "descriptors" / row.descriptors)
    with Video(trained.data.clips / row.clip.path, working_side=trained.trajectories.working_side) as video:
        expected = np.concatenate([batch.descriptors for batch in extract(video, trained.trajectories)])
    assert descriptors.dtype == np.float16
    assert row.trajectories == len(descriptors) > 0
    np.testing.assert_array_equal(descriptors, expected.astype(np.float16))
    assert (row.frames, row.width, row.height) == (22, 96, 80)


@pytest.mark.slow
def test_what_cannot_be_used_is_told_and_skipped(
    trained: Config, tmp_path: Path, describe: Callable[[list[Clip]], None], caplog: pytest.LogCaptureFixture
) -> None:
    good = shutil.copy(trained.data.clips / "skating" / "0.mp4", tmp_path / "good.mp4")
    shutil.copy(good, tmp_path / "again.mp4")
    write(tmp_path / "still.mp4", still(20))
    (tmp_path / "text.mp4").write_text("not a clip")
    names = ["text.mp4", "good.mp4", "again.mp4", "still.mp4", "absent.mp4"]
    with caplog.at_level(logging.WARNING):
        describe([clip(name) for name in names])
    table = {row.clip.path: row for row in read_table(tmp_path)}
    assert list(table) == names
    assert {name: row.status for name, row in table.items()} == {
        "text.mp4": "failed",
        "good.mp4": "kept",
        "again.mp4": "duplicate",
        "still.mp4": "no_trajectories",
        "absent.mp4": "failed",
    }
    assert "good.mp4" in table["again.mp4"].reason
    assert "No such file" in table["absent.mp4"].reason
    assert table["text.mp4"].reason in caplog.text
    assert all(row.reason for name, row in table.items() if name != "good.mp4")
    assert [row.clip.path for row in read_kept(tmp_path)] == ["good.mp4"]


def test_nothing_usable_is_an_error(tmp_path: Path, describe: Callable[[list[Clip]], None]) -> None:
    with pytest.raises(FeaturesError, match="none of 1 clips"):
        describe([clip("absent.mp4")])


def test_descriptors_that_were_deleted(trained: Config) -> None:
    with pytest.raises(DescriptorsError, match=r"gone: delete .*features\.json and run the stage 'features'"):
        read_descriptors(trained.work / "descriptors" / "0.safetensors")
