"""The answers of the command line and the HTTP service, which are identical JSON."""

import math
from dataclasses import asdict
from itertools import repeat
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from models.bundle import Bundle
from models.encoded_clip import MOST_TRACKS, TrackSample
from models.tags.neighbours import Neighbourhood
from models.tags.reasons import ReasonKind
from models.tags.tag_map import SIDE

if TYPE_CHECKING:
    from models.pipeline import Answer

Rounded = Annotated[float, AfterValidator(lambda number: round(number, 4))]
"""A measured number without meaningless digits."""
Score = Annotated[float, AfterValidator(lambda score: math.floor(score * 1e4 + 1e-6) / 1e4)]
"""Rounded down, so that a score from an answer works as `min_score`, and only certainty is 1."""


class Strict(BaseModel):
    """An object with no additional properties."""

    model_config = ConfigDict(extra="forbid")


class ModelInfo(Strict):
    """The model that answered."""

    name: str = Field(examples=["tag2vec-shipped"])
    version: str = Field(examples=["1"])
    sha256: str = Field(description="of the bundle's manifest, which pins every file in it", pattern="^[0-9a-f]{64}$")

    @classmethod
    def of(cls, bundle: Bundle) -> "ModelInfo":
        """Build from a bundle."""
        return ModelInfo(name=bundle.name, version=bundle.version, sha256=bundle.sha256)


class Reason(Strict):
    """A reason why a hashtag was suggested."""

    kind: ReasonKind = Field(
        description="`hashtag`: motion and pictures match this hashtag; `seen`: recognised in the pictures; "
        "`hint`: given as a hint"
    )
    name: str = Field(examples=["dunk"])
    share: Rounded = Field(ge=0, le=1, description="of the reasons that may be named; sums to one", examples=[0.6])


class Moment(Strict):
    """A part of a clip."""

    start_s: Rounded = Field(ge=0, description="seconds into the clip", examples=[0.0])
    end_s: Rounded = Field(ge=0, examples=[1.0])
    share: Rounded = Field(
        ge=0, le=1, description="of the clip's evidence for the hashtag; sums to one", examples=[0.25]
    )


class Hashtag(Strict):
    """A suggested hashtag, without its `#`."""

    tag: str = Field(examples=["basketball"])
    score: Score = Field(
        ge=0,
        le=1,
        description="probability that people would keep this hashtag: calibrated against the hashtags used together in "
        "posts, or against feedback if the model card says so. The list is not sorted by score",
        examples=[0.71],
    )
    distance: Rounded = Field(ge=0, description="Euclidean distance from the clip in the tag space", examples=[0.58])
    rank: int = Field(ge=1, examples=[1])
    because: list[Reason] | None = Field(
        description="with `explain`: why it was suggested, the most important reason first; empty if none may be named"
    )
    moments: list[Moment] | None = Field(description="with `explain`: when in the clip the evidence for it is")


class VideoInfo(Strict):
    """The clip as it was decoded."""

    start_s: Rounded = Field(
        ge=0, description="start of the part that was used, in seconds into the clip", examples=[0.0]
    )
    duration_s: Rounded = Field(description="length of the part that was used", examples=[6.0])
    fps: Rounded = Field(examples=[30.0])
    width: int = Field(description="as displayed: after rotation", examples=[480])
    height: int = Field(examples=[480])
    analysed_s: Rounded = Field(description="seconds analysed; a long clip is sampled", examples=[6.0])
    frames_used: int = Field(examples=[90])
    trajectories: int = Field(examples=[5120])


class Timings(Strict):
    """Milliseconds that each stage took; 0 where the result was cached from a copy of the clip."""

    decode: Rounded = Field(ge=0, examples=[210.0])
    trajectories: Rounded = Field(ge=0, examples=[1480.0])
    fisher: Rounded = Field(ge=0, examples=[95.0])
    appearance: Rounded = Field(ge=0, examples=[76.0])
    embed: Rounded = Field(ge=0, examples=[1.9])
    search: Rounded = Field(ge=0, examples=[0.6])
    total: Rounded = Field(ge=0, examples=[1863.5])


class Place(Strict):
    """A place on the map of the tag space; the origin is the upper left corner."""

    x: int = Field(ge=0, le=SIDE)
    y: int = Field(ge=0, le=SIDE)


class Tracks(Strict):
    """Some of the clip's trajectories, to be drawn over it."""

    width: int = Field(description="of the clip as displayed, as in `video`", examples=[480])
    height: int = Field(examples=[480])
    starts_s: list[Rounded] = Field(
        description="time of each first point, in seconds into the whole clip",
        max_length=MOST_TRACKS,
        examples=[[0.0, 0.4]],
    )
    step_s: Rounded = Field(
        ge=0,
        description="seconds between points: the median if they vary; 0 if there are no trajectories",
        examples=[0.0667],
    )
    points: list[list[int]] = Field(
        description="coordinates of each trajectory in pixels: x, y, x, y, ...",
        max_length=MOST_TRACKS,
        examples=[[[200, 310, 204, 308, 209, 307], [31, 40, 31, 44, 32, 48]]],
    )

    @classmethod
    def of(cls, sample: TrackSample, video: VideoInfo) -> "Tracks":
        """Build from a sample of the trajectories of a video."""
        return Tracks(
            width=video.width,
            height=video.height,
            starts_s=sample.starts_s,
            step_s=sample.step_s,
            points=sample.points.reshape(len(sample.points), -1).tolist() if len(sample.points) else [],
        )


class Hashtags(Strict):
    """Hashtags for a clip."""

    model: ModelInfo
    hashtags: list[Hashtag]
    confident: bool = Field(
        description="nine in ten such answers have a right hashtag among the first five; false: a guess"
    )
    video: VideoInfo
    timings_ms: Timings
    place: Place | None = Field(description="the clip's place on the map, among its nearest tags; null without a map")
    tracks: Tracks | None = Field(description="trajectories in the clip; null unless `tracks` is set")
    warnings: list[str] = Field(description="reasons why this answer is less certain")

    @classmethod
    def of(cls, answer: "Answer", bundle: Bundle, **fields: str) -> Self:
        """Build from the answer of a bundle's pipeline; `fields` are those that a subclass adds."""
        video = VideoInfo(**asdict(answer.video), trajectories=answer.trajectories)
        return cls(
            **fields,
            model=ModelInfo.of(bundle),
            hashtags=[
                Hashtag(
                    tag=found.tag,
                    score=found.score,
                    distance=found.distance,
                    rank=found.rank,
                    because=because and [Reason(**asdict(one)) for one in because],
                    moments=moments and [Moment(**asdict(one)) for one in moments],
                )
                for found, because, moments in zip(
                    answer.hashtags,
                    answer.because or repeat(None),
                    answer.moments or repeat(None),
                    strict=False,
                )
            ],
            confident=answer.confident,
            video=video,
            timings_ms=Timings.model_validate(answer.timings_ms),
            place=None if answer.place is None else Place(x=answer.place[0], y=answer.place[1]),
            tracks=None if answer.tracks is None else Tracks.of(answer.tracks, video),
            warnings=answer.warnings,
        )


class Neighbour(Strict):
    """A neighbour of a tag."""

    tag: str = Field(description="in its most common spelling", examples=["nba"])
    score: Score = Field(ge=0, le=1, description="1 - distance / 2; not a probability", examples=[0.77])
    distance: Rounded = Field(ge=0, description="in the tag space: 0 the same, 2 opposite", examples=[0.46])
    rank: int = Field(ge=1, description="1 is the nearest", examples=[1])


class Tag(Strict):
    """A completion."""

    tag: str = Field(description="in its most common spelling", examples=["beach"])
    posts: int = Field(ge=0, description="training posts that use it, in any inflection")


class Tags(Strict):
    """Tags that begin with what was typed, the most used first."""

    tags: list[Tag]
    model: ModelInfo


class Asked(Strict):
    """A tag of the query."""

    tag: str = Field(description="in its most common spelling", examples=["basketball"])
    parts: list[str] = Field(description="the known tags that replace it, if it is not known itself")


class Neighbours(Strict):
    """The nearest neighbours of a tag, or of a sum of tags."""

    tag: str = Field(description="the first tag of the query, in its most common spelling", examples=["basketball"])
    plus: list[Asked] = Field(description="the tags that were added, starting with the first of the query")
    minus: list[Asked] = Field(description="the tags that were subtracted")
    model: ModelInfo
    neighbours: list[Neighbour]
    warnings: list[str] = Field(description="which tags are not known, and what replaced them")

    @classmethod
    def of(cls, found: Neighbourhood, bundle: Bundle) -> "Neighbours":
        """Build from a neighbourhood in a bundle's tag space, which must have at least one added tag."""
        return Neighbours(
            tag=found.plus[0].tag,
            plus=[Asked(**asdict(asked)) for asked in found.plus],
            minus=[Asked(**asdict(asked)) for asked in found.minus],
            model=ModelInfo.of(bundle),
            neighbours=[
                Neighbour(tag=tag, score=neighbour.score, distance=neighbour.distance, rank=rank)
                for rank, (tag, neighbour) in enumerate(zip(found.shown, found.neighbours, strict=True), 1)
            ],
            warnings=found.warnings,
        )
