"""The encoded clip, as the embedding takes it. In a module of its own: reading one must not load a video decoder."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.video.limits import VideoInfo


@dataclass(frozen=True)
class EncodedClip:
    """A clip, encoded.

    Attributes
    ----------
    fisher : float32 (dimensions,)
    video : VideoInfo
    trajectories : int
        Number of trajectories that the Fisher vector sums up.
    timings_ms : dict
        Milliseconds of `decode`, `trajectories` and `fisher`.
    warnings : list of str
        Sentences for the user.
    """

    fisher: NDArray[np.float32]
    video: VideoInfo
    trajectories: int
    timings_ms: dict[str, float]
    warnings: list[str]
