"""Dense optical flow between two frames by dense inverse search (Kroeger et al., ECCV 2016)."""

import threading

import cv2
import numpy as np
from numpy.typing import NDArray


class DenseInverseSearch:
    """OpenCV's DIS flow, usable by several threads at once."""

    def __init__(self, preset: int = cv2.DISOPTICAL_FLOW_PRESET_FAST) -> None:
        self._preset = preset
        self._local = threading.local()

    def __call__(self, before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the displacement of each pixel of `before`, float32 (h, w, 2), in pixels."""
        solver: cv2.DISOpticalFlow | None = getattr(self._local, "solver", None)
        if solver is None:
            solver = self._local.solver = cv2.DISOpticalFlow.create(self._preset)
        return solver.calc(before, after, None)  # type: ignore[call-overload, no-any-return]
