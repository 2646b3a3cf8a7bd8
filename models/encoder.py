"""Encodes a clip: decoding, trajectories, Fisher vector, appearance. This is all that a worker process runs."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from models.bundle import Bundle
from models.clock import Clock
from models.encoded_clip import EncodedClip, Slots
from models.fisher import FisherEncoder
from models.ordered import helpers
from models.slots import SlotEncoder
from models.trajectories.compilation import kernels_cached
from models.trajectories.extractor import extract
from models.trajectories.settings import TrajectorySettings
from models.trajectories.short_clips import lengthened
from models.trajectories.track_sampler import TrackSampler
from models.video.decoding import Video
from models.video.excerpt import WHOLE, Excerpt
from models.video.limits import VideoLimits
from models.video.pictures import PictureSampler

Frame = NDArray[np.uint8]

STILL = "Nothing in this clip moves: its hashtags come from its pictures alone."

__all__ = ["ClipEncoder", "kernels_cached", "warm_up"]


class ClipEncoder:
    """Encodes clips with the visual vocabulary and the image network of a bundle.

    Attributes
    ----------
    settings : TrajectorySettings
        The settings that the vocabulary was learnt with.
    vocabulary : Vocabulary
    network : AppearanceNetwork
    """

    def __init__(self, bundle: Bundle) -> None:
        self.settings = bundle.settings
        self.vocabulary = bundle.vocabulary()
        self.network = bundle.appearance_network()

    def encode(
        self,
        clip: Path,
        *,
        limits: VideoLimits = VideoLimits(),
        excerpt: Excerpt = WHOLE,
        tracks: bool = False,
        explain: bool = False,
        threads: int = 1,
        clock: Clock | None = None,
    ) -> EncodedClip:
        """Decode a clip once, encode its trajectories and describe its pictures.

        A clip too short for a single trajectory is played back and forth, with a warning. One in which nothing moves
        has a Fisher vector of zeros, also with a warning.

        Parameters
        ----------
        clip : Path
        limits : VideoLimits
        excerpt : Excerpt
            The part of the clip to look at.
        tracks : bool
            Keep a sample of the trajectories.
        explain : bool
            Encode parts of the clip by themselves, too (`models.slots`).
        threads : int
            Threads that extract trajectories and describe pictures, and that decode large frames.
        clock : Clock, optional
            Also receives the stages of the extractor, summed over its threads.

        Raises
        ------
        ClipError
            If the clip cannot be used.
        """
        clock = clock or Clock()
        warnings: list[str] = []
        settings = self.settings
        encoder = FisherEncoder(self.vocabulary)
        shown = self.network.settings
        sampler = PictureSampler(shown.pictures, short_side=shown.short_side, side=shown.side)
        tracked = TrackSampler() if tracks else None
        count = 0
        # One BLAS thread: more would compete with the threads and processes that we start on purpose.
        with _blas().limit(limits=1), helpers(threads) as executor:
            with (
                clock.stage("trajectories"),
                Video(
                    clip,
                    limits,
                    working_side=settings.working_side,
                    through_bgr=settings.through_bgr,
                    repeats=settings.repeats,
                    fps=settings.fps,
                    in_pieces=True,
                    sampler=sampler,
                    threads=threads,
                    excerpt=excerpt,
                ) as video,
            ):
                slots = SlotEncoder(self.vocabulary, video.whole, video.used) if explain else None
                for piece in clock.spent("decode", video.pieces()):
                    before = len(video.used)
                    if slots is not None:
                        slots.begin()
                    frames = clock.spent("decode", piece)
                    if video.whole:
                        frames = lengthened(frames, settings.length + 1, warnings)
                    for batch in extract(frames, settings, threads=threads, executor=executor, clock=clock):
                        count += len(batch)
                        if tracked is not None:
                            tracked.add(batch, before)
                        with clock.stage("fisher"):
                            encoder.add(batch.descriptors)
                            if slots is not None:
                                slots.add(int(batch.frames[0]) - settings.length // 2, batch.descriptors)
                with clock.stage("fisher"):
                    fisher = encoder.vector()
                info = video.info
                warnings += video.warnings
                sample = None if tracked is None else tracked.sample(video.used, (info.width, info.height))
            if not count:
                warnings.append(STILL)
            with clock.stage("appearance"):
                parts = None if slots is None else slots.finish(info.start_s + info.duration_s, sampler.places())
                pictures = sampler.pictures()
                groups = [range(len(pictures)), *(parts.pictures if parts is not None else [])]
                appearance, *seen = self.network.describe_groups(pictures, groups, executor)
            encoded_slots = parts and Slots(
                parts.times,
                parts.fisher,
                np.stack([one.features for one in seen]),
                np.stack([one.probabilities for one in seen]),
            )
        timings = {stage: clock.milliseconds[stage] for stage in ("decode", "trajectories", "fisher", "appearance")}
        timings["trajectories"] -= timings["decode"] + timings["fisher"]
        return EncodedClip(fisher, appearance, info, count, timings, warnings, sample, encoded_slots)

    def warm_up(self) -> None:
        """Compile the kernels: takes seconds the first time on a machine; later runs read them from a cache on disk."""
        warm_up(self.settings)
        FisherEncoder(self.vocabulary)


@cache
def _blas() -> ThreadpoolController:
    """Find NumPy's BLAS, once: the search runs callbacks from C, in which Ctrl-C would be swallowed."""
    return ThreadpoolController()


def warm_up(settings: TrajectorySettings) -> None:
    """Compile the extractor's kernels by running them on a patch that moves over a still background.

    A frame that moved as a whole would pass for camera motion, leaving the descriptor kernels to be compiled for the
    first clip. The frame size gives the optical flow one layer more than the tracks, as in most clips.
    """
    random = np.random.default_rng(0)
    background, patch = (
        random.integers(0, 256, size, np.uint8).repeat(2, 0).repeat(2, 1) for size in ((50, 60), (24, 24))
    )
    if not sum(len(batch) for batch in extract(_drifting(background, patch, settings.length + 2), settings)):
        raise AssertionError("the kernels were not compiled: no motion was found in the warm-up clip")


def _drifting(background: Frame, patch: Frame, count: int) -> Iterator[Frame]:
    for step in range(count):
        frame = background.copy()
        frame[40:88, 20 + 3 * step : 68 + 3 * step] = patch
        yield frame
