"""Slots: parts of a clip, of about a second, each encoded by itself, to tell when it shows what.

In a clip that is looked at as a whole a slot is a second, otherwise a piece (`models.video.pieces`). When there are too
many, two become one, as the sums that Fisher vectors are made of add up.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.encoded_clip import MOST_SLOTS
from models.fisher import FisherEncoder, Vocabulary
from models.video.used_frame import UsedFrame


class Parts(NamedTuple):
    """Slots of a clip, without their appearance.

    Attributes
    ----------
    times : float32 (n, 2)
        Seconds of the clip at which each begins and ends.
    fisher : float16 (n, dimensions)
    pictures : list of list of int
        The pictures in each slot, or else the one nearest to it.
    """

    times: NDArray[np.float32]
    fisher: NDArray[np.float16]
    pictures: list[list[int]]


class SlotEncoder:
    """Encodes the trajectories of each slot of a clip.

    Parameters
    ----------
    vocabulary : Vocabulary
    whole : bool
        Whether all of the clip is looked at.
    frames : sequence of UsedFrame
        Grows while the clip is decoded.
    """

    def __init__(self, vocabulary: Vocabulary, whole: bool, frames: Sequence[UsedFrame]) -> None:
        self._vocabulary, self._whole, self._frames = vocabulary, whole, frames
        self._starts: list[int] = []
        self._stride = 1
        self._encoders: dict[int, FisherEncoder] = {}

    def begin(self) -> None:
        """Take notice that the frames to come are those of another piece."""
        self._starts.append(len(self._frames))

    def add(self, frame: int, descriptors: NDArray[np.floating]) -> None:
        """Add descriptors of trajectories whose middle is a frame of the piece, counted from 0."""
        # A clip that is played back and forth has more frames than there are.
        slot = self._slot(min(self._starts[-1] + frame, len(self._frames) - 1))
        if slot not in self._encoders:
            self._encoders[slot] = FisherEncoder(self._vocabulary)
        self._encoders[slot].add(descriptors)

    def finish(self, end_s: float, pictures: Sequence[int]) -> Parts:
        """Return the slots; the clip, or its part, ends at `end_s` seconds, and its pictures are of these frames."""
        self._slot(len(self._frames) - 1)
        slots = [self._slot(frame) for frame in range(len(self._frames))]
        last = slots[-1]
        if self._whole and last and end_s - self._frames[0].shown_s - last * self._stride < self._stride / 2:
            slots = [min(slot, last - 1) for slot in slots]
            self._join(last, last - 1)
        numbers = sorted(set(slots))
        firsts = [slots.index(number) for number in numbers]
        begins = [self._frames[first].shown_s for first in firsts]
        if self._whole:
            ends = [*begins[1:], max(end_s, self._frames[-1].gone_s)]
        else:
            ends = [self._frames[first - 1].gone_s for first in [*firsts[1:], len(slots)]]
        zeros = np.zeros(self._vocabulary.dimensions, np.float32)
        fisher = [self._encoders[number].vector() if number in self._encoders else zeros for number in numbers]
        middles = (np.array(begins) + ends) / 2
        distances = np.abs(middles[:, None] - [self._frames[place].shown_s for place in pictures])
        groups = [[picture for picture, place in enumerate(pictures) if slots[place] == number] for number in numbers]
        return Parts(
            np.array([begins, ends], np.float32).T.copy(),
            np.stack(fisher).astype(np.float16),
            [group or [int(nearest)] for group, nearest in zip(groups, distances.argmin(axis=1), strict=True)],
        )

    def _slot(self, frame: int) -> int:
        if self._whole:
            unit = int(self._frames[frame].shown_s - self._frames[0].shown_s)
        else:
            unit = bisect_right(self._starts, frame) - 1
        while unit // self._stride >= MOST_SLOTS:
            self._stride *= 2
            for slot in sorted(self._encoders):
                self._join(slot, slot // 2)
        return unit // self._stride

    def _join(self, slot: int, into: int) -> None:
        if slot == into or slot not in self._encoders:
            return
        encoder = self._encoders.pop(slot)
        if into in self._encoders:
            self._encoders[into].merge(encoder)
        else:
            self._encoders[into] = encoder
