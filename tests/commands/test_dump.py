import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from commands.dump import rows, write_dump
from models.trajectories.extractor import Trajectories
from models.video.info import VideoInfo

VIDEO = VideoInfo(duration_s=14.4, fps=25.0, width=160, height=120, analysed_s=14.4, frames_used=360)


def batch_of(table: np.ndarray) -> Trajectories:
    """Trajectories with the figures of the authors' rows; their points are not among these."""
    single = table.astype(np.float32)
    return Trajectories(
        frames=table[:, 0].astype(np.int32),
        means=single[:, 1:3],
        stds=single[:, 3:5],
        lengths=single[:, 5],
        scales=single[:, 6],
        points=np.zeros((len(table), 16, 2), np.float32),
        descriptors=single[:, 10:],
    )


def some(count: int, seed: int = 0) -> Trajectories:
    return batch_of(np.random.default_rng(seed).uniform(0, 40, (count, 436)).round())


@pytest.fixture(scope="module")
def authors() -> list[str]:
    if "TAG2VEC_DATA" not in os.environ:
        pytest.skip("TAG2VEC_DATA is not set: the authors' own output is not here")
    with gzip.open(Path(os.environ["TAG2VEC_DATA"], "oracle/person01_boxing_d1.gz"), "rt") as file:
        return file.read().splitlines()


def test_text_is_the_authors_own(authors: list[str], tmp_path: Path) -> None:
    table = np.array([line.split() for line in authors], dtype=np.float64)
    assert write_dump(tmp_path / "dump", [batch_of(table[:1000]), batch_of(table[1000:])], VIDEO, (160, 120)) == 2001
    ours = (tmp_path / "dump").read_text().splitlines()
    # Their lines end in a tab. Positions are compared as numbers: theirs come from more digits than are printed.
    for mine, theirs in zip(ours, authors, strict=True):
        mine_, theirs_ = mine.split("\t"), theirs.rstrip("\t").split("\t")
        assert mine_[:7] + mine_[10:] == theirs_[:7] + theirs_[10:]
    assert np.abs(rows(batch_of(table), VIDEO, (160, 120))[:, 7:10] - table[:, 7:10]).max() < 2e-6


def test_pixels_are_those_of_the_clip() -> None:
    batch = some(50)
    plain = rows(batch, VIDEO, (160, 120))
    wide = VideoInfo(duration_s=14.4, fps=25.0, width=480, height=240, analysed_s=14.4, frames_used=360)
    scaled = rows(batch, wide, (160, 120))
    # The left edge of the picture, half a pixel left of the first centre, stays where it is.
    assert np.allclose(scaled[:, 1] + 0.5, 3 * (plain[:, 1] + 0.5))
    assert np.allclose(scaled[:, 2] + 0.5, 2 * (plain[:, 2] + 0.5))
    assert np.allclose(scaled[:, 3:5], plain[:, 3:5] * (3, 2))
    assert np.allclose(scaled[:, 5:7], plain[:, 5:7] * 2.5)
    assert np.allclose(scaled[:, 10:], plain[:, 10:])


def test_positions_lie_within_the_clip() -> None:
    batch = some(50)
    batch.means[0] = -3
    batch.means[1] = 500
    batch.frames[2] = 5
    position = rows(batch, VIDEO, (160, 120))[:, 7:10]
    assert position.min() == 0
    assert position.max() == 0.999


@pytest.mark.parametrize("name", ["dump.tsv", "dump.tsv.gz"])
def test_compressed_by_its_name(name: str, tmp_path: Path) -> None:
    batch = some(7)
    assert write_dump(tmp_path / name, [batch, some(0)], VIDEO, (160, 120)) == 7
    assert ((tmp_path / name).read_bytes()[:2] == b"\x1f\x8b") == name.endswith(".gz")
    read = np.loadtxt(tmp_path / name, delimiter="\t", ndmin=2)
    assert read.shape == (7, 436)
    assert np.allclose(read, rows(batch, VIDEO, (160, 120)), atol=1e-6)


def test_nothing_is_left_of_a_dump_that_breaks_off(tmp_path: Path) -> None:
    def breaks_off() -> Iterator[Trajectories]:
        yield some(3)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_dump(tmp_path / "dump.tsv", breaks_off(), VIDEO, (160, 120))
    assert list(tmp_path.iterdir()) == []
