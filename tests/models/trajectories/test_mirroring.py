from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.trajectories.descriptor_layout import BLOCKS
from models.trajectories.extractor import extract
from models.trajectories.mirroring import SOURCE, mirrored
from models.trajectories.settings import TrajectorySettings
from tests import clips


def described(frames: Iterable[np.ndarray]) -> np.ndarray:
    return np.concatenate([batch.descriptors for batch in extract(frames, TrajectorySettings(layers=2, most=None))])


@pytest.fixture(scope="module")
def both() -> tuple[np.ndarray, np.ndarray]:
    """Descriptors of a clip, and of the same frames mirrored."""
    # A patch that moves over a still background; a frame that moved as a whole would pass for camera motion.
    ground, patch = (next(iter(clips.drifting(1, size))) for size in ((160, 120), (48, 48)))
    frames = [ground.copy() for _ in range(24)]
    for step, frame in enumerate(frames):
        frame[36:84, 10 + 3 * step : 58 + 3 * step] = patch
    return described(frames), described(np.ascontiguousarray(frame[:, ::-1]) for frame in frames)


def test_agrees_with_extraction_from_mirrored_frames(both: tuple[np.ndarray, np.ndarray]) -> None:
    own, turned = both
    for block, columns in BLOCKS.items():
        expected = turned[:, columns].mean(axis=0)
        ours, unmirrored = (x[:, columns].mean(axis=0) for x in (mirrored(own.astype(np.float16)), own))
        error, before = (np.linalg.norm(x - expected) / np.linalg.norm(expected) for x in (ours, unmirrored))
        assert error < 0.15, block
        assert error < before / 3, block


def test_columns_are_a_permutation() -> None:
    assert sorted(SOURCE) == list(range(426))


@given(st.integers(0, 100))
def test_mirroring_twice_is_the_identity(seed: int) -> None:
    descriptors = np.random.default_rng(seed).random((3, 426)).astype(np.float16)
    np.testing.assert_array_equal(mirrored(mirrored(descriptors)), descriptors)
