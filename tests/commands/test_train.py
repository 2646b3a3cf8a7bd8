import sys
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from training.artifacts import STAGES


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.toml"
    data = 'clips = "clips"\nclip_list = "clips.tsv"\nposts = ["posts.txt"]'
    file.write_text(f'work = "{tmp_path / "work"}"\nbundle = {{name = "tiny", version = "0"}}\n[data]\n{data}\n')
    return file


def test_a_stage_that_does_not_run_on_ray_is_refused(config: Path, run: Run) -> None:
    ended = run("train", "--config", config, "corpus", "--ray", "auto")
    assert ended.code == 2
    told = " ".join(ended.err.replace("│", " ").split())
    assert "the stage corpus always runs here: only features runs on Ray" in told


def test_an_unknown_stage_is_wrong_usage(config: Path, run: Run) -> None:
    ended = run("train", "--config", config, "dance")
    assert ended.code == 2
    told = " ".join(ended.err.replace("│", " ").split())
    assert f"'dance' is none of {', '.join(STAGES)}." in told


def test_the_extra_for_ray_is_named(config: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("cluster.connection", "training.on_ray"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)
    ended = run("train", "--config", config, "--ray", "auto")
    assert (ended.code, ended.err) == (3, "tag2vec: error: ray is not installed; pip install 'tag2vec[scale]'\n")
    assert not (config.parent / "work").exists()
