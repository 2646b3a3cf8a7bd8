"""Which trajectories are shown, when and where."""

import numpy as np
import pytest

from models.encoded_clip import MOST_TRACKS
from models.trajectories.descriptor_layout import WIDTH
from models.trajectories.extractor import Trajectories
from models.trajectories.track_sampler import TrackSampler
from models.video.used_frame import UsedFrame

POINTS = 16


def batch(last: int, xs: np.ndarray) -> Trajectories:
    """Trajectories that end in a frame and stay where their x is, at y = 5."""
    n = len(xs)
    points = np.empty((n, POINTS, 2), np.float32)
    points[..., 0], points[..., 1] = xs[:, None], 5
    flat, pairs = np.zeros(n, np.float32), np.zeros((n, 2), np.float32)
    return Trajectories(np.full(n, last, np.int32), pairs, pairs, flat, flat, points, np.zeros((n, WIDTH), np.float32))


def frames(count: int, size: tuple[int, int] = (100, 50)) -> list[UsedFrame]:
    return [UsedFrame(number / 10, (number + 1) / 10, size) for number in range(count)]


@pytest.mark.parametrize("each", [3, 64, 89, 1000])
def test_sample_is_even_over_time_and_places(each: int) -> None:
    sampler = TrackSampler()
    ends = range(15, 815)
    for last in ends:
        sampler.add(batch(last, np.linspace(0, 99, each)), 0)
    sample = sampler.sample(frames(815), (100, 50))
    assert len(sample.points) == len(sample.starts_s) == MOST_TRACKS
    assert sample.starts_s == sorted(sample.starts_s)
    over_time, _ = np.histogram(sample.starts_s, 10, (0, 80))
    assert over_time.min() >= 48
    assert over_time.max() <= 52
    if each > 3:
        over_places, _ = np.histogram(sample.points[:, 0, 0], 4, (0, 100))
        assert over_places.min() > MOST_TRACKS / 8


def test_few_are_all_shown() -> None:
    sampler = TrackSampler()
    sampler.add(batch(15, np.arange(3.0)), 0)
    sampler.add(batch(16, np.arange(0.0)), 0)
    sampler.add(batch(17, np.arange(4.0)), 3)
    sample = sampler.sample(frames(30), (200, 100))
    assert sample.points.shape == (7, POINTS, 2)
    assert sample.points[:, 0].tolist() == [[1 + 2 * x, 11] for x in (0, 1, 2, 0, 1, 2, 3)]
    assert sample.starts_s == [0.0] * 3 + [0.5] * 4
    assert sample.step_s == 0.1


def test_uneven_steps_have_a_median() -> None:
    sampler = TrackSampler()
    sampler.add(batch(15, np.arange(2.0)), 0)
    times = np.cumsum([0.04, 0.04, 0.06] * 6)
    assert sampler.sample([UsedFrame(float(time), float(time), (100, 50)) for time in times], (100, 50)).step_s == 0.04
    at_once = [UsedFrame(1.0, 1.0, (100, 50))] * 20
    assert sampler.sample(at_once, (100, 50)).step_s > 0


def test_part_of_another_shape_is_fitted_into_the_clip() -> None:
    """A portrait part of a landscape clip, as wide as it is high there, has bars at its sides."""
    sampler = TrackSampler()
    sampler.add(batch(15, np.array([0.0, 49.0])), 0)
    sampler.add(batch(45, np.array([0.0, 49.0])), 0)
    sample = sampler.sample(frames(20) + frames(30, (50, 100)), (400, 200))
    assert sample.points[:, 0].tolist() == [[2, 22], [198, 22], [151, 11], [249, 11]]


def test_points_stay_in_the_picture() -> None:
    sampler = TrackSampler()
    sampler.add(batch(15, np.array([0.0, 99.9])), 0)
    sample = sampler.sample(frames(20), (1000, 500))
    assert sample.points[:, 0].tolist() == [[5, 55], [999, 55]]


def test_what_was_played_back_and_forth_has_no_place_in_time() -> None:
    sampler = TrackSampler()
    sampler.add(batch(20, np.arange(2.0)), 0)
    sample = sampler.sample(frames(8), (100, 50))
    assert (len(sample.points), sample.starts_s, sample.step_s) == (0, [], 0.0)
    assert TrackSampler().sample(frames(8), (100, 50)).starts_s == []
