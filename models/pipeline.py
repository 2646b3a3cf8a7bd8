"""The way of a clip to its hashtags: decode, trajectories, Fisher vector, embedding, search."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property, partial
from itertools import chain, cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from models.bundles import Bundle
from models.clock import Clock
from models.errors import NoMotion
from models.fisher import FisherEncoder, Vocabulary
from models.trajectories import TrajectorySettings, extract
from models.video import Video, VideoInfo, VideoLimits

if TYPE_CHECKING:  # Worker processes encode clips without ever importing torch and faiss.
    from models.embedding import Embedding
    from models.suggestions import Suggester, Suggestion, Wishes
    from models.tagspace import TagSpace

Frame = NDArray[np.uint8]

UNFAMILIAR = "This clip looks like nothing that the model was trained on: its hashtags are guesses."


@dataclass(frozen=True)
class EncodedClip:
    """A clip as the embedding sees it; made in a worker process and sent on.

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


@dataclass(frozen=True)
class Answer:
    """Hashtags for a clip, with what led to them and the milliseconds of each stage and in `total`.

    `confident`: the clip looks like something that was trained on; where it does not, a warning says so.
    """

    hashtags: list["Suggestion"]
    confident: bool
    video: VideoInfo
    trajectories: int
    timings_ms: dict[str, float]
    warnings: list[str]


class Pipeline:
    """From a clip to its hashtags with the models of one bundle, each loaded when it is first needed.

    Parameters
    ----------
    bundle : Bundle
        The models.
    deny_file : Path, optional
        More tags that are never suggested, in the form of `models.denylist`.
    """

    def __init__(self, bundle: Bundle, deny_file: Path | None = None) -> None:
        self.bundle = bundle
        self._deny_file = deny_file

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Codebooks of the Fisher encoding."""
        return self.bundle.vocabulary()

    @cached_property
    def embedding(self) -> "Embedding":
        """Network from Fisher vectors to the tag space."""
        return self.bundle.embedding()

    @cached_property
    def suggester(self) -> "Suggester":
        """From a point of the tag space to hashtags."""
        return self.bundle.suggester(self._deny_file)

    @property
    def tagspace(self) -> "TagSpace":
        """Tags and their vectors."""
        return self.suggester.space

    def __call__(
        self,
        clip: Path,
        *,
        limits: VideoLimits = VideoLimits(),
        threads: int = 1,
        **wishes: "Unpack[Wishes]",
    ) -> Answer:
        """Suggest hashtags for a clip; see `encode` and `suggest`."""
        return self.suggest(self.encode(clip, limits=limits, threads=threads), **wishes)

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
        settings = self.bundle.settings
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

    def suggest(self, encoded: EncodedClip, **wishes: "Unpack[Wishes]") -> Answer:
        """Suggest hashtags for an encoded clip; see `models.suggestions` for what may be wished and what may fail."""
        clock = Clock(dict(encoded.timings_ms))
        calibration, warnings = self.bundle.manifest.calibration, list(encoded.warnings)
        confident = True
        with clock.stage("embed"):
            vector = self.embedding.embed(encoded.fisher)
        with clock.stage("search"):
            if calibration is None:
                hashtags = self.suggester.suggest(vector, **wishes)
            else:
                familiar = self.suggester.familiarity(vector)
                confident = calibration.confident(familiar)
                score = partial(calibration.score, familiarity=familiar)
                hashtags = self.suggester.suggest(vector, score=score, **wishes)
        if not confident:
            warnings.append(UNFAMILIAR)
        timings = clock.milliseconds
        timings["total"] = sum(timings.values())
        return Answer(hashtags, confident, encoded.video, encoded.trajectories, timings, warnings)

    def warm_up(self) -> None:
        """Load what `encode` needs and compile the kernels (seconds the first time, then cached on disk)."""
        warm_up(self.bundle.settings)
        FisherEncoder(self.vocabulary)


@cache
def _blas() -> ThreadpoolController:
    """Find numpy's BLAS, once: the search runs callbacks from C in which an interrupt would be lost."""
    return ThreadpoolController()


def warm_up(settings: TrajectorySettings) -> None:
    """Compile the extractor's kernels by running them on a patch that moves over a still ground.

    A picture that moved as a whole would pass for camera motion, and the kernels that describe trajectories would
    be left to the first clip. Its size gives the flow a layer more than the tracks, as most clips do.
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
