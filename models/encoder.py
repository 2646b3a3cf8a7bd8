"""From a clip to its Fisher vector: decode, trajectories, encoding. All that a worker process runs."""

from collections.abc import Iterator
from functools import cache
from itertools import chain, cycle, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from models.bundle import Bundle
from models.clock import Clock
from models.encoded_clip import EncodedClip
from models.errors import NoMotion
from models.fisher import FisherEncoder
from models.trajectories.extractor import extract
from models.trajectories.settings import TrajectorySettings
from models.video.decoding import Video
from models.video.limits import VideoLimits

Frame = NDArray[np.uint8]


class ClipEncoder:
    """Encodes clips with the vocabulary of a bundle.

    Attributes
    ----------
    settings : TrajectorySettings
        Those that the vocabulary was learnt with.
    vocabulary : Vocabulary
    """

    def __init__(self, bundle: Bundle) -> None:
        self.settings = bundle.settings
        self.vocabulary = bundle.vocabulary()

    def encode(
        self, clip: Path, *, limits: VideoLimits = VideoLimits(), threads: int = 1, clock: Clock | None = None
    ) -> EncodedClip:
        """Decode a clip and encode its trajectories.

        A clip too short for a single trajectory is played forth and back, with a warning. A clock that is given also
        receives the stages of the extractor (`models.trajectories.STAGES`), added up over its threads.

        Raises
        ------
        ClipError
            What is wrong with the clip; `NoMotion` where nothing in it can be tracked.
        """
        clock = clock or Clock()
        warnings: list[str] = []
        settings = self.settings
        encoder = FisherEncoder(self.vocabulary)
        count = 0
        # One BLAS thread: more would spin against the threads and processes that we run on purpose.
        with (
            _blas().limit(limits=1),
            clock.stage("trajectories"),
            Video(clip, limits, working_side=settings.working_side) as video,
        ):
            frames = _long_enough(clock.spent("decode", video), settings.length + 1, warnings)
            for batch in extract(frames, settings, threads=threads, clock=clock):
                count += len(batch)
                with clock.stage("fisher"):
                    encoder.add(batch.descriptors)
            with clock.stage("fisher"):
                fisher = encoder.vector()
            info = video.info
        if not count:
            raise NoMotion(
                "Nothing in this clip moves in a way that can be tracked, and hashtags come from motion: "
                "send a clip in which something moves."
            )
        timings = {stage: clock.milliseconds[stage] for stage in ("decode", "trajectories", "fisher")}
        timings["trajectories"] -= timings["decode"] + timings["fisher"]
        return EncodedClip(fisher, info, count, timings, warnings)

    def warm_up(self) -> None:
        """Compile the kernels, which takes seconds the first time on a machine and is cached on disk from then on."""
        warm_up(self.settings)
        FisherEncoder(self.vocabulary)


@cache
def _blas() -> ThreadpoolController:
    """Find numpy's BLAS, once: the search runs callbacks from C in which an interrupt would be lost."""
    return ThreadpoolController()


def warm_up(settings: TrajectorySettings) -> None:
    """Compile the extractor's kernels by running them on a patch that moves over a still ground.

    A picture that moved as a whole would pass for camera motion, and the kernels that describe trajectories would
    be left to the first clip. Its size gives the flow a layer more than the tracks, as most clips do: that layer's
    array lies otherwise in memory, for which kernels are compiled apart.
    """
    random = np.random.default_rng(0)
    ground, patch = (random.integers(0, 256, size, np.uint8).repeat(2, 0).repeat(2, 1) for size in ((50, 60), (24, 24)))
    if not sum(len(batch) for batch in extract(_drifting(ground, patch, settings.length + 2), settings)):
        raise AssertionError("the kernels were not compiled: nothing was found to move")


def _drifting(ground: Frame, patch: Frame, count: int) -> Iterator[Frame]:
    for step in range(count):
        frame = ground.copy()
        frame[40:88, 20 + 3 * step : 68 + 3 * step] = patch
        yield frame


def _long_enough(frames: Iterator[Frame], wanted: int, warnings: list[str]) -> Iterator[Frame]:
    """Yield the frames, over and over forth and back where they are fewer than a trajectory spans."""
    head = list(islice(frames, wanted))
    if 1 < len(head) < wanted:
        warnings.append(
            f"The clip has only {len(head)} frames, fewer than the {wanted} of one trajectory: "
            "it was played forth and back, so its hashtags are less certain."
        )
        return islice(cycle(head + head[-2:0:-1]), 2 * wanted)
    return chain(head, frames)
