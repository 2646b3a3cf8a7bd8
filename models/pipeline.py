"""The inference pipeline: suggests hashtags for a clip, using the models of one bundle."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from models.bundle import Bundle
from models.clock import Clock
from models.encoded_clip import EncodedClip, TrackSample
from models.trajectories.settings import LENGTH
from models.video.excerpt import WHOLE, Excerpt
from models.video.info import VideoInfo
from models.video.limits import VideoLimits

if TYPE_CHECKING:  # Imported on first use: a process that only suggests never loads a decoder.
    from models.embedding import Embedding
    from models.encoder import ClipEncoder
    from models.moments import Moment
    from models.tags.completion import Completion
    from models.tags.reasons import Reason
    from models.tags.space import TagSpace
    from models.tags.suggest_options import SuggestOptions
    from models.tags.suggestions import Suggester, Suggestion

UNSURE = "The model is not sure about this clip: its hashtags may be wrong."


@dataclass(frozen=True)
class Answer:
    """The hashtags for a clip, and how they came about.

    Attributes
    ----------
    hashtags : list of Suggestion
        Best first.
    confident : bool
        Whether to trust the answer: nine in ten such answers have a right hashtag among the first five. If not, a
        warning says so.
    video : VideoInfo
    trajectories : int
        Number of trajectories that the answer is based on.
    timings_ms : dict
        Milliseconds spent in each stage, and their sum as `total`.
    warnings : list of str
        Sentences for the user.
    place : tuple of int, optional
        Where the clip lies on the map (`models.tags.tag_map`), if there is one.
    any_right : float
        Probability that one of the first five hashtags that may be suggested is right, 1 if there is no calibration:
        each score is computed from this and the relevance of its hashtag.
    tracks : TrackSample, optional
        Some of the trajectories, if they were asked for.
    because, moments : list, optional
        What each hashtag rests on, and when in the clip, if they were asked for.
    """

    hashtags: list["Suggestion"]
    confident: bool
    video: VideoInfo
    trajectories: int
    timings_ms: dict[str, float]
    warnings: list[str]
    place: tuple[int, int] | None = None
    any_right: float = 1.0
    tracks: TrackSample | None = None
    because: list[list["Reason"]] | None = None
    moments: list[list["Moment"]] | None = None


class Pipeline:
    """Suggests hashtags for clips, loading each model of a bundle on first use.

    Parameters
    ----------
    bundle : Bundle
    deny_file : Path, optional
        Further tags never to suggest, in the format of `models.tags.deny_list`.
    kinds_file : Path, optional
        Further tags to hold back, in the format of `models.tags.kinds`.
    trends_file : Path, optional
        Newer trends than those of the bundle; see `Bundle.trends`.
    """

    def __init__(
        self,
        bundle: Bundle,
        deny_file: Path | None = None,
        kinds_file: Path | None = None,
        trends_file: Path | None = None,
    ) -> None:
        self.bundle = bundle
        self._files = deny_file, kinds_file, trends_file

    @cached_property
    def encoder(self) -> "ClipEncoder":
        """Encodes a clip: how it moves and what its pictures show."""
        from models.encoder import ClipEncoder

        return ClipEncoder(self.bundle)

    @cached_property
    def embedding(self) -> "Embedding":
        """Maps encoded clips into the tag space."""
        return self.bundle.embedding()

    @cached_property
    def suggester(self) -> "Suggester":
        """Suggests hashtags for an embedded clip and what its pictures show."""
        return self.bundle.suggester(*self._files)

    @cached_property
    def completion(self) -> "Completion":
        """Completes tags as somebody types them."""
        from models.tags.completion import Completion

        return Completion(self.suggester)

    @property
    def tagspace(self) -> "TagSpace":
        """The tags and their vectors."""
        return self.suggester.space

    def __call__(
        self,
        clip: Path,
        *,
        limits: VideoLimits = VideoLimits(),
        excerpt: Excerpt = WHOLE,
        tracks: bool = False,
        threads: int = 1,
        explain: bool = False,
        **options: "Unpack[SuggestOptions]",
    ) -> Answer:
        """Suggest hashtags for a clip; see `ClipEncoder.encode` and `suggest`."""
        encoded = self.encoder.encode(
            clip, limits=limits, excerpt=excerpt, tracks=tracks, explain=explain, threads=threads
        )
        return self.suggest(encoded, **options)

    def suggest(self, encoded: EncodedClip, **options: "Unpack[SuggestOptions]") -> Answer:
        """Suggest hashtags for an encoded clip; see `models.tags.suggest_options.SuggestOptions`.

        They are explained if the clip was encoded with slots.
        """
        clock = Clock(dict(encoded.timings_ms))
        calibration, warnings = self.bundle.manifest.calibration, list(encoded.warnings)
        confident, any_right, appearance = True, 1.0, encoded.appearance
        exclude, allow = list(options.get("exclude", ())), list(options.get("allow", ()))
        hint = list(options.get("hint", ()))
        options = {**options, "exclude": exclude, "allow": allow, "hint": hint}
        with clock.stage("embed"):
            vector = self.embedding.embed(encoded.fisher, appearance.features)
        with clock.stage("search"):
            because = partial(self.suggester.reasons, vector=vector, probabilities=appearance.probabilities, hint=hint)
            suggest = partial(self.suggester.suggest, vector, appearance.probabilities, **options)
            locate = partial(self.suggester.place, vector, appearance.probabilities)
            warn = partial(
                self.suggester.warnings,
                vector,
                appearance.probabilities,
                min_score=options.get("min_score", 0.0),
                exclude=exclude,
                allow=allow,
                platform=options.get("platform"),
                language=options.get("language"),
                hint=hint,
            )
            if calibration is None:
                hashtags = suggest()
            else:
                clip = self.suggester.recognition(vector, appearance.probabilities)
                share = calibration.share(clip)

                def score(relevance: float, most_relevant: float) -> float:
                    nonlocal any_right
                    any_right = calibration.any_right(most_relevant, clip)
                    return calibration.score(relevance, any_right)

                hashtags = suggest(share=share, score=score)
                warn, locate = partial(warn, share=share, score=score), partial(locate, share=share)
                because = partial(because, share=share)
                # Confidence was never measured on clips so short that they are played back and forth.
                confident = not 1 < encoded.video.frames_used <= LENGTH and calibration.confident(
                    [one.relevance for one in hashtags], clip
                )
            warnings += warn(none_left=not hashtags)
            place = locate()
            reasons = found = None
            if encoded.slots is not None:
                from models.moments import moments

                tags = [one.tag for one in hashtags]
                reasons = because(tags)
                found = moments(tags, encoded.slots, self.embedding, self.suggester, calibration)
        trends = self.suggester.trends
        if options.get("rank") == "trending" and trends is not None:
            warnings += trends.doubts(date.today())
        if hashtags and not confident:
            warnings.append(UNSURE)
        timings = clock.milliseconds
        timings["total"] = sum(timings.values())
        return Answer(
            hashtags,
            confident,
            encoded.video,
            encoded.trajectories,
            timings,
            warnings,
            place=place,
            any_right=any_right,
            tracks=encoded.tracks,
            because=reasons,
            moments=found,
        )
