"""From a clip to its hashtags, with the models of one bundle."""

from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from models.bundle import Bundle
from models.clock import Clock
from models.encoded_clip import EncodedClip
from models.video.limits import VideoInfo, VideoLimits

if TYPE_CHECKING:  # Each is loaded when it is first needed: a process that only suggests never loads a decoder.
    from models.embedding import Embedding
    from models.encoder import ClipEncoder
    from models.tags.space import TagSpace
    from models.tags.suggestions import Suggester, Suggestion, SuggestOptions

UNFAMILIAR = "This clip looks like nothing that the model was trained on: its hashtags are guesses."


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
        More tags that are never suggested, in the form of `models.tags.deny_list`.
    """

    def __init__(self, bundle: Bundle, deny_file: Path | None = None) -> None:
        self.bundle = bundle
        self._deny_file = deny_file

    @cached_property
    def encoder(self) -> "ClipEncoder":
        """From a clip to its Fisher vector."""
        from models.encoder import ClipEncoder

        return ClipEncoder(self.bundle)

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
        **options: "Unpack[SuggestOptions]",
    ) -> Answer:
        """Suggest hashtags for a clip; see `ClipEncoder.encode` and `suggest`."""
        return self.suggest(self.encoder.encode(clip, limits=limits, threads=threads), **options)

    def suggest(self, encoded: EncodedClip, **options: "Unpack[SuggestOptions]") -> Answer:
        """Suggest hashtags for an encoded clip; `models.tags.suggestions` says what may be asked for."""
        clock = Clock(dict(encoded.timings_ms))
        calibration, warnings = self.bundle.manifest.calibration, list(encoded.warnings)
        confident = True
        with clock.stage("embed"):
            vector = self.embedding.embed(encoded.fisher)
        with clock.stage("search"):
            if calibration is None:
                hashtags = self.suggester.suggest(vector, **options)
            else:
                familiar = self.suggester.familiarity(vector)
                confident = calibration.confident(familiar)
                score = partial(calibration.score, familiarity=familiar)
                hashtags = self.suggester.suggest(vector, score=score, **options)
        if not confident:
            warnings.append(UNFAMILIAR)
        timings = clock.milliseconds
        timings["total"] = sum(timings.values())
        return Answer(hashtags, confident, encoded.video, encoded.trajectories, timings, warnings)
