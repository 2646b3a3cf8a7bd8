"""Measures one build of the project in a process of its own: `benchmarks.compare` starts this file with each build.

It reads one job a line and writes one result a line, both JSON. Only what every build has had for long is used, so that
old ones can be measured, too; nothing else of `benchmarks` may be imported, for it may be that of the other build.
"""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.bundle import SHIPPED, Bundle
from models.encoder import ClipEncoder


class Build:
    """The encoder of the build that `PYTHONPATH` names, with and without its image network."""

    def __init__(self) -> None:
        self._encoder = ClipEncoder(Bundle.open(SHIPPED))
        self._encoder.warm_up()
        self._run = self._encoder.network._run

    def fisher(self, clip: Path, threads: int) -> dict[str, float]:
        """Measure the way from a clip to its Fisher vector, without what its pictures show."""
        self._encoder.network._run = self._unseen  # type: ignore[method-assign,assignment]
        try:
            return self.encode(clip, threads)
        finally:
            self._encoder.network._run = self._run  # type: ignore[method-assign]

    def _unseen(self, pictures: Sequence[Any], *_: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Stand in for the network, which describes all pictures by this method; looks at none."""
        features, probabilities = self._encoder.network.lengths
        return (
            np.zeros((len(pictures), features // 2), np.float32),
            np.zeros((len(pictures), probabilities), np.float32),
        )

    def encode(self, clip: Path, threads: int) -> dict[str, float]:
        """Measure all that a worker does with a clip: seconds of CPU time and of the wall clock, and its frames."""
        cpu, wall = time.process_time(), time.perf_counter()
        encoded = self._encoder.encode(clip, threads=threads)
        return {
            "cpu": time.process_time() - cpu,
            "wall": time.perf_counter() - wall,
            "frames": round(encoded.video.duration_s * encoded.video.fps),  # in the file, used or not
        }


def main() -> None:
    """Work on the jobs of the standard input."""
    build = Build()
    print("ready", flush=True)
    for line in sys.stdin:
        job: dict[str, Any] = json.loads(line)
        measure = getattr(build, job["measure"])
        print(json.dumps(measure(Path(job["clip"]), job["threads"])), flush=True)


if __name__ == "__main__":
    main()
