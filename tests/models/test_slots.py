"""Parts of a clip, each encoded by itself."""

import numpy as np
import pytest
from numpy.typing import NDArray

from models.encoded_clip import MOST_SLOTS
from models.fisher import FisherEncoder
from models.slots import SlotEncoder
from models.trajectories.descriptor_layout import WIDTH
from models.video.used_frame import UsedFrame
from tests.models.bundle.test_reading import vocabulary

WORDS = vocabulary()
FPS = 10


def frames(count: int, start: float = 0.0) -> list[UsedFrame]:
    return [UsedFrame(start + number / FPS, start + (number + 1) / FPS, (96, 72)) for number in range(count)]


def descriptors(seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).random((5, WIDTH), np.float32)


def fisher(*seeds: int) -> NDArray[np.float32]:
    encoder = FisherEncoder(WORDS)
    for seed in seeds:
        encoder.add(descriptors(seed))
    return encoder.vector()


def test_each_second_is_encoded_by_itself() -> None:
    used: list[UsedFrame] = []
    slots = SlotEncoder(WORDS, True, used)
    slots.begin()
    used += frames(34)
    for frame in (2, 7, 12, 31):
        slots.add(frame, descriptors(frame))
    found = slots.finish(3.4, [1, 11, 12, 33])
    wanted_times = np.array([[0, 1], [1, 2], [2, 3.4]], np.float32)
    np.testing.assert_allclose(found.times, wanted_times, rtol=1e-6)  # the rest is too short
    for row, wanted in zip(found.fisher, (fisher(2, 7), fisher(12), fisher(31)), strict=True):
        np.testing.assert_allclose(row, wanted, atol=1e-3)
    assert found.pictures == [[0], [1, 2], [3]]


def test_slots_of_a_part_have_the_times_of_the_clip() -> None:
    used: list[UsedFrame] = []
    slots = SlotEncoder(WORDS, True, used)
    slots.begin()
    used += frames(20, 7.3)
    slots.add(15, descriptors(0))
    found = slots.finish(9.3, [5])
    np.testing.assert_allclose(found.times, [[7.3, 8.3], [8.3, 9.3]], rtol=1e-6)
    assert found.fisher.any(axis=1).tolist() == [False, True]


def test_a_slot_without_motion_or_pictures() -> None:
    used: list[UsedFrame] = []
    slots = SlotEncoder(WORDS, True, used)
    slots.begin()
    used += frames(30)
    slots.add(99, descriptors(0))  # of a clip that is played back and forth
    found = slots.finish(3.0, [3, 22])
    assert found.fisher.any(axis=1).tolist() == [False, False, True]
    assert found.pictures == [[0], [1], [1]]


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("count", [1, MOST_SLOTS, MOST_SLOTS + 1, 50])
def test_there_are_never_too_many(count: int, whole: bool) -> None:
    """The sum of what the slots hold is what the clip holds, in order."""
    used: list[UsedFrame] = []
    slots = SlotEncoder(WORDS, whole, used)
    slots.begin()
    for second in range(count):
        if second and not whole:
            slots.begin()
        first = len(used)
        used += frames(FPS, 1.0 * second)
        slots.add(5 + (first if whole else 0), descriptors(second))
    found = slots.finish(float(count), list(range(5, len(used), FPS)))
    assert 1 <= len(found.times) <= MOST_SLOTS
    assert found.times[0, 0] == 0
    assert found.times[-1, 1] == pytest.approx(count)
    np.testing.assert_allclose(found.times[1:, 0], found.times[:-1, 1], rtol=1e-6)
    groups = found.pictures
    assert [picture for group in groups for picture in group] == list(range(count))
    for row, group in zip(found.fisher, groups, strict=True):
        np.testing.assert_allclose(row, fisher(*group), atol=1e-3)
