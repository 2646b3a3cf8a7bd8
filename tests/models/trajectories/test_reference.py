"""The `reference` settings against the output of the authors' release on one clip."""

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.trajectories.descriptor_layout import BLOCKS
from models.trajectories.extractor import Trajectories, extract
from models.trajectories.settings import TrajectorySettings
from models.video.decoding import Video

pytestmark = pytest.mark.skipif("TAG2VEC_DATA" not in os.environ, reason="TAG2VEC_DATA is not set")

# Mean cosine of matched rows that the authors' program itself reaches when its RANSAC sees the matches reordered.
COSINES = {"trajectory": 0.88, "hog": 0.995, "hof": 0.98, "mbhx": 0.99, "mbhy": 0.99}
HEADER = 10


@pytest.fixture(scope="module")
def folder() -> Path:
    return Path(os.environ["TAG2VEC_DATA"]) / "oracle"


@pytest.fixture(scope="module")
def theirs(folder: Path) -> NDArray[np.float64]:
    rows = np.loadtxt(folder / "person01_boxing_d1.gz")
    assert rows.shape == (2001, HEADER + 426)
    return rows


@pytest.fixture(scope="module")
def ours(folder: Path) -> Trajectories:
    settings = TrajectorySettings.reference()
    with Video(folder / "person01_boxing_d1_uncomp.avi", working_side=settings.working_side) as video:
        batches = list(extract(video, settings))
    return Trajectories(
        **{name: np.concatenate([getattr(batch, name) for batch in batches]) for name in vars(batches[0])}
    )


@pytest.fixture(scope="module")
def distances(ours: Trajectories, theirs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pixels between the mean positions of their rows and ours; infinite unless frame and scale are equal."""
    apart = np.linalg.norm(theirs[:, None, 1:3] - ours.means, axis=2)
    same = (theirs[:, :1] == ours.frames) & (np.abs(theirs[:, 6:7] - ours.scales) < 0.01)
    return np.where(same, apart, np.inf)


def test_same_trajectories_are_found(distances: NDArray[np.float64]) -> None:
    assert (distances.min(axis=1) < 0.5).mean() >= 0.97
    assert (distances.min(axis=0) < 0.5).mean() >= 0.97


@pytest.mark.parametrize("block", BLOCKS)
def test_descriptors_agree(
    block: str, ours: Trajectories, theirs: NDArray[np.float64], distances: NDArray[np.float64]
) -> None:
    matched = np.flatnonzero(distances.min(axis=1) < 0.5)
    a = theirs[matched, HEADER:][:, BLOCKS[block]]
    b = ours.descriptors[distances[matched].argmin(axis=1)][:, BLOCKS[block]]
    cosines = (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    assert cosines.mean() >= COSINES[block]
    # Lengths, too, not only directions.
    np.testing.assert_allclose(np.linalg.norm(b, axis=1).mean(), np.linalg.norm(a, axis=1).mean(), rtol=0.01)


def test_positions_spreads_and_lengths_agree(
    ours: Trajectories, theirs: NDArray[np.float64], distances: NDArray[np.float64]
) -> None:
    matched = np.flatnonzero(distances.min(axis=1) < 0.5)
    nearest = distances[matched].argmin(axis=1)
    columns = np.column_stack([ours.means, ours.stds, ours.lengths])[nearest]
    assert np.quantile(np.abs(columns - theirs[matched, 1:6]).max(axis=1), 0.9) < 0.01
