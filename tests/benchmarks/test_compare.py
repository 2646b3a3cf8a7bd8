import io
from contextlib import ExitStack
from pathlib import Path

import av
import pytest

import benchmarks.build
from benchmarks.compare import REPOSITORY, Build, Comparison, Figure, Row, table
from benchmarks.request import repeated
from models.appearance import AppearanceNetwork
from tests import clips


def test_the_table_has_medians_ratios_and_the_yardstick() -> None:
    figure = Figure(Row.fisher, "ice", "ms a frame", [(4.0, 2.0), (8.0, 6.0), (4.0, 4.0)], [2.0, 4.0, 1.0])
    assert table([figure]).splitlines()[2:] == [
        "| fisher | ice | ms a frame | 4 | 4 | 0.750 (0.625 to 0.875) |",
        "| fisher | ice | over one Farneback | 2 | 1.5 | 0.750 (0.625 to 0.875) |",
    ]


def test_a_build_is_measured_in_a_process_of_its_own(tmp_path: Path) -> None:
    clip = clips.write(tmp_path / "clip.mp4", clips.drifting(18))
    with ExitStack() as scope:
        build = Build(REPOSITORY, scope)
        figure = Comparison((build, build), 1, tmp_path).fisher(clip)
        assert build.encode("encode", clip, threads=2)["frames"] == 18
    [(old, new)] = figure.values
    assert min(old, new, *figure.units) > 0


def test_no_picture_is_looked_at_on_the_way_to_the_fisher_vector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = clips.write(tmp_path / "clip.mp4", clips.drifting(18))
    build = benchmarks.build.Build()
    monkeypatch.setattr(AppearanceNetwork, "_run_one", lambda *_: pytest.fail("the network was run"))
    assert build.fisher(clip, threads=1)["frames"] == 18
    with pytest.raises(pytest.fail.Exception, match="the network was run"):
        build.encode(clip, threads=1)


def test_a_folder_without_the_project_is_no_build(tmp_path: Path) -> None:
    with ExitStack() as scope, pytest.raises(ValueError, match="is no build"):
        Build(tmp_path, scope)


def test_a_clip_is_played_again_until_so_many_seconds_are_over(tmp_path: Path) -> None:
    clip = clips.write(tmp_path / "clip.mp4", clips.drifting(30), fps=10, options={"qp": "8", "bf": "0"})
    with av.open(io.BytesIO(repeated(clip, seconds=7)), "r") as joined:
        frames = [frame.to_ndarray(format="gray") for frame in joined.decode(video=0)]
    assert len(frames) == 70
    assert all((frames[place] == frames[place % 30]).all() for place in range(70))
