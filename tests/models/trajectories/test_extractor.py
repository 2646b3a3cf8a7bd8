"""Properties of trajectories: known motion in, the same motion out."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.trajectories.descriptor_layout import BLOCKS
from models.trajectories.extractor import Trajectories, extract
from models.trajectories.settings import TrajectorySettings

FRAMES = 24
SETTINGS = TrajectorySettings(layers=3, most=None)
Clip = list[NDArray[np.uint8]]


def texture(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """Smooth random texture that optical flow can follow."""
    noise = np.random.default_rng(seed).standard_normal((height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.0)
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)  # type: ignore[call-overload, no-any-return]


def moving_square(shift: tuple[int, int] = (0, 0), step: int = 3) -> Clip:
    """A textured square that crosses a still, textured background."""
    background, square = texture(160, 200), texture(64, 64, seed=1)
    background = np.roll(background, shift, (0, 1))
    clip = []
    for t in range(FRAMES):
        frame = background.copy()
        top, left = 48 + shift[0], 20 + shift[1] + step * t
        frame[top : top + 64, left : left + 64] = square
        clip.append(frame)
    return clip


def camera_pan(step: int = 3) -> Clip:
    world = texture(160, 200 + step * FRAMES)
    return [np.ascontiguousarray(world[:, step * t : step * t + 200]) for t in range(FRAMES)]


def collect(clip: Clip, *, threads: int = 1, settings: TrajectorySettings = SETTINGS) -> Trajectories:
    batches = list(extract(clip, settings, threads=threads))
    if not batches:
        pytest.fail("no trajectories")
    return Trajectories(**{name: np.concatenate([getattr(b, name) for b in batches]) for name in vars(batches[0])})


def test_square_is_tracked_at_its_speed() -> None:
    found = collect(moving_square())
    assert len(found) > 50
    began = found.points[:, 0]
    centre = np.stack([52 + 3 * (found.frames - SETTINGS.length), np.full(len(found), 80)], axis=1)
    well_inside = (np.abs(began - centre) < 20).all(axis=1)
    assert well_inside.sum() > 50
    travelled = (found.points[:, -1] - began)[well_inside]
    speed = [3 * SETTINGS.length, 0]
    assert np.abs(np.median(travelled, axis=0) - speed).max() < 1
    for scale in np.unique(found.scales):  # including layers that use the flow of a finer one
        of_layer = travelled[found.scales[well_inside] == scale]
        assert np.abs(np.median(of_layer, axis=0) - speed).max() < 0.15 * speed[0]
    assert (np.abs(found.means[:, 1] - 80) < 50).all()


@pytest.mark.parametrize("clip", [[], moving_square()[:1], moving_square()[: SETTINGS.length]], ids=["0", "1", "15"])
def test_clip_too_short_for_a_trajectory_gives_none(clip: Clip) -> None:
    assert not list(extract(clip, SETTINGS))


def test_clip_of_sixteen_frames_holds_trajectories() -> None:
    found = collect(moving_square()[: SETTINGS.length + 1])
    assert set(found.frames.tolist()) == {SETTINGS.length}


def test_of_many_trajectories_some_are_described_everywhere() -> None:
    square = moving_square()
    all_, some = (collect(square, settings=replace(SETTINGS, most=most)) for most in (None, 9))
    assert np.unique(all_.frames, return_counts=True)[1].max() > 9
    assert np.unique(some.frames, return_counts=True)[1].max() == 9
    # They are some of the same ones, of each scale and from the whole square.
    assert {point.tobytes() for point in some.points} < {point.tobytes() for point in all_.points}
    assert set(some.scales.tolist()) == set(all_.scales.tolist())
    np.testing.assert_allclose(some.means.std(axis=0), all_.means.std(axis=0), rtol=0.3)


@pytest.mark.parametrize("frame", [texture(160, 200), np.full((160, 200), 90, np.uint8)], ids=["texture", "blank"])
def test_still_clip_gives_none(frame: NDArray[np.uint8]) -> None:
    assert not list(extract([frame.copy() for _ in range(FRAMES)], SETTINGS))


def test_camera_pan_is_compensated(monkeypatch: pytest.MonkeyPatch) -> None:
    compensated = sum(map(len, extract(camera_pan(), SETTINGS)))
    monkeypatch.setattr("models.trajectories.camera.MATCHES", 10**9)  # never estimate a homography
    uncompensated = sum(map(len, extract(camera_pan(), SETTINGS)))
    assert uncompensated > 500
    assert compensated < 0.02 * uncompensated


def test_shifted_clip_gives_shifted_trajectories() -> None:
    shift = 20, 40  # a multiple of the sampling grid of the first layer
    one_layer = TrajectorySettings(layers=1)
    here, there = (collect(moving_square(s), settings=one_layer) for s in ((0, 0), shift))
    moved = here.means + np.array([shift[1], shift[0]])
    distances = np.linalg.norm(moved[:, None] - there.means[None], axis=2)
    same_time = here.frames[:, None] == there.frames[None]
    nearest = np.where(same_time, distances, np.inf).min(axis=1)
    assert (nearest < 1).mean() > 0.8


def test_mirrored_clip_mirrors_the_histograms() -> None:
    """Mirroring a clip reflects the orientation bins and swaps the x cells."""
    clip = moving_square()
    here, there = collect(clip), collect([np.ascontiguousarray(frame[:, ::-1]) for frame in clip])

    def mean(found: Trajectories, block: str) -> NDArray[np.float32]:
        bins = 9 if block == "hof" else 8
        return np.asarray(found.descriptors[:, BLOCKS[block]].reshape(-1, 3, 2, 2, bins)[..., :8].mean(axis=0))

    # Image gradients and flow are reflected about the y axis: an angle a becomes pi - a.
    for block in ("hog", "hof"):
        a, b = mean(here, block), mean(there, block)[:, ::-1]
        # Bins are centred on multiples of pi / 4, so bin b becomes bin 4 - b.
        mirrored = b[..., (4 - np.arange(8)) % 8]
        assert np.corrcoef(a.ravel(), mirrored.ravel())[0, 1] > 0.95, block


@pytest.mark.parametrize("make", [moving_square, camera_pan])
def test_result_is_the_same_for_any_number_of_threads(make: Callable[[], Clip]) -> None:
    clip = make()
    one, three = ([b.descriptors.tobytes() for b in extract(clip, SETTINGS, threads=n)] for n in (1, 3))
    assert one == three


def test_descriptors_are_normalised() -> None:
    found = collect(moving_square())
    assert np.isfinite(found.descriptors).all()
    shape = found.descriptors[:, BLOCKS["trajectory"]].reshape(len(found), -1, 2)
    np.testing.assert_allclose(np.linalg.norm(shape, axis=2).sum(axis=1), 1, rtol=1e-4)
    for block in ("hog", "hof", "mbhx", "mbhy"):
        cells = found.descriptors[:, BLOCKS[block]].reshape(len(found), 3, -1)
        # Each is the mean of five unit vectors.
        assert (np.linalg.norm(cells, axis=2) <= 1 + 1e-5).all()
        assert (np.linalg.norm(cells, axis=2) > 0.5).all()


@pytest.mark.parametrize("size", [(24, 24), (33, 47), (31, 300), (241, 121)])
def test_any_frame_size_works(size: tuple[int, int]) -> None:
    height, width = size
    world = texture(height, width + 2 * FRAMES)
    square = texture(max(height // 2, 8), max(height // 2, 8), seed=3)
    clip = []
    for t in range(FRAMES):
        frame = world[:, :width].copy()
        part = square[:, : max(width - t, 1)]
        frame[: part.shape[0], t : t + part.shape[1]] = part[:, : width - t]
        clip.append(frame)
    for batch in extract(clip, TrajectorySettings()):
        assert np.isfinite(batch.descriptors).all()


def test_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="length must be 15"):
        TrajectorySettings(length=16)
