"""A clip as encoded by its worker; in its own module, because reading one must load neither decoder nor network."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.appearance import Appearance
from models.video.info import VideoInfo

MOST_TRACKS: Final = 500
"""Maximum number of trajectories in a sample."""
MOST_SLOTS: Final = 12


@dataclass(frozen=True)
class EncodedLengths:
    """How many numbers each array of an encoded clip has, with the models of one bundle."""

    fisher: int
    features: int
    probabilities: int


@dataclass(frozen=True)
class TrackSample:
    """Some of a clip's trajectories, at most `MOST_TRACKS`.

    Attributes
    ----------
    points : int32 (n, steps + 1, 2)
        The pixels (x, y) of the clip as displayed that each trajectory goes through, one for each used frame.
    starts_s : list of float
        Seconds since the first frame of the clip at which each first point is shown.
    step_s : float
        Seconds from one point to the next; the median, if they vary; 0 if there is no trajectory.
    """

    points: NDArray[np.int32]
    starts_s: list[float]
    step_s: float


@dataclass(frozen=True)
class Slots:
    """At most `MOST_SLOTS` parts of a clip, in order, from `models.slots`; all arrays have a row for each.

    Attributes
    ----------
    times : float32 (n, 2)
        Seconds of the clip at which each begins and ends.
    fisher : float16 (n, dimensions)
        Zeros where nothing moves.
    features, probabilities : float32 (n, 2 d), (n, classes)
        As in `Appearance`, of the pictures in the slot, or else the one nearest to it.
    """

    times: NDArray[np.float32]
    fisher: NDArray[np.float16]
    features: NDArray[np.float32]
    probabilities: NDArray[np.float32]


@dataclass(frozen=True)
class EncodedClip:
    """A clip, encoded.

    Attributes
    ----------
    fisher : float32 (dimensions,)
        Zeros if nothing moves.
    appearance : Appearance
    video : VideoInfo
    trajectories : int
        Number of trajectories that the Fisher vector sums up.
    timings_ms : dict
        Milliseconds of `decode`, `trajectories`, `fisher` and `appearance`.
    warnings : list of str
        Sentences for the user.
    tracks : TrackSample, optional
        If it was asked for.
    slots : Slots, optional
        If they were asked for.
    """

    fisher: NDArray[np.float32]
    appearance: Appearance
    video: VideoInfo
    trajectories: int
    timings_ms: dict[str, float]
    warnings: list[str]
    tracks: TrackSample | None = None
    slots: Slots | None = None
