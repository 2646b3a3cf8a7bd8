"""A clip as its worker encodes it. In a module of its own: reading one must load neither decoder nor network."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.appearance import Appearance
from models.video.info import VideoInfo


@dataclass(frozen=True)
class EncodedLengths:
    """How many numbers each array of an encoded clip has, with the models of one bundle."""

    fisher: int
    features: int
    probabilities: int


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
    """

    fisher: NDArray[np.float32]
    appearance: Appearance
    video: VideoInfo
    trajectories: int
    timings_ms: dict[str, float]
    warnings: list[str]
