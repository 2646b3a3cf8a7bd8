"""A clip as the embedding sees it; apart from the encoder, so that who reads one need not load what decodes clips."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.video.limits import VideoInfo


@dataclass(frozen=True)
class EncodedClip:
    """What is left of a clip once it is encoded.

    Attributes
    ----------
    fisher : float32 (dimensions,)
    video : VideoInfo
    trajectories : int
        How many trajectories the Fisher vector is made of.
    timings_ms : dict
        Milliseconds of `decode`, `trajectories` and `fisher`.
    warnings : list of str
    """

    fisher: NDArray[np.float32]
    video: VideoInfo
    trajectories: int
    timings_ms: dict[str, float]
    warnings: list[str]
