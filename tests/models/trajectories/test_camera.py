import numpy as np
import pytest
from numpy.typing import NDArray

from models.trajectories import camera

Points = NDArray[np.float32]


def matches(subject: float, seed: int) -> tuple[Points, Points]:
    """Matches of a background that moves by (4, 1), after those of a subject that moves by (-5, 2)."""
    random = np.random.default_rng(seed)
    before = random.uniform((0, 0), (320, 240), (300, 2)).astype(np.float32)
    moved = int(subject * len(before))
    before[:moved] = random.uniform((100, 60), (200, 180), (moved, 2))
    steps = np.where(np.arange(len(before))[:, None] < moved, (-5.0, 2.0), (4.0, 1.0))
    after = before + steps + random.normal(0, 0.1, before.shape)
    return before, after.astype(np.float32)


@pytest.mark.parametrize("subject", [0.1, 0.2, 0.3, 0.4, 0.45])
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("usac", [False, True])
def test_a_contrasty_subject_is_not_the_camera(subject: float, seed: int, usac: bool) -> None:
    homography = camera.estimate(*matches(subject, seed), usac=usac)
    centre = homography @ (160, 120, 1)
    np.testing.assert_allclose(centre[:2] / centre[2], (164, 121), atol=0.3)


def test_usac_gives_the_same_each_time() -> None:
    one, two = (camera.estimate(*matches(0.4, 0), usac=True) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_too_few_matches_leave_the_camera_still() -> None:
    before, after = matches(0.3, 0)
    np.testing.assert_array_equal(camera.estimate(before[:50], after[:50]), np.eye(3))


def test_corners_are_found_where_they_are() -> None:
    frame = np.zeros((120, 160), np.uint8)
    frame[30:90, 40:120] = 200
    found = camera.corners(frame, 300, 0.1, 5)
    wanted = np.array([(40, 30), (119, 30), (40, 89), (119, 89)])
    assert found.dtype == np.float32
    assert len(found) == 4
    assert np.abs(found - wanted[:, None]).max(axis=2).min(axis=1).max() <= 1
    assert len(camera.corners(frame, 2, 0.1, 5)) == 2


def test_a_blank_frame_has_no_corners() -> None:
    assert camera.corners(np.full((40, 60), 7, np.uint8), 300, 0.001, 3).shape == (0, 2)
