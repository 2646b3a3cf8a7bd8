"""Measures one build of the project in a process of its own: `benchmarks.compare` starts this file with each build.

It reads one job a line and writes one result a line, both JSON. Only what every build has had for long is used, so that
old ones can be measured, too; nothing else of `benchmarks` may be imported, for it may be that of the other build.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from models.bundle import SHIPPED, Bundle
from models.encoder import ClipEncoder


class Build:
    """The encoder of the build that `PYTHONPATH` names, with and without its image network."""

    def __init__(self) -> None:
        self._encoder = ClipEncoder(Bundle.open(SHIPPED))
        self._encoder.warm_up()
        self._describe = self._encoder.network.describe

    def fisher(self, clip: Path, threads: int) -> dict[str, float]:
        """Measure the way from a clip to its Fisher vector, without what its pictures show."""
        self._encoder.network.describe = lambda *_: None  # type: ignore[method-assign,assignment]
        try:
            return self.encode(clip, threads)
        finally:
            self._encoder.network.describe = self._describe  # type: ignore[method-assign]

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
