"""Queries and responses, as OpenAPI describes them."""

import math
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from models.sandbox.confinement import Measure
from models.tags.suggestions import Rank, SuggestOptions

Tag = Annotated[str, Field(min_length=1, max_length=100)]
Rounded = Annotated[float, AfterValidator(lambda number: round(number, 4))]
"""A measured number without meaningless digits."""
Score = Annotated[float, AfterValidator(lambda score: math.floor(score * 1e4 + 1e-6) / 1e4)]
"""Rounded down, so that a score from an answer works as `min_score`, and only certainty is 1."""


class SuggestQuery(BaseModel):
    """Query of `POST /v1/hashtags`."""

    model_config = ConfigDict(extra="forbid")

    k: int = Field(15, ge=1, le=50, description="maximum number of hashtags")
    min_score: float = Field(0.0, ge=0, le=1, description="minimum score of a hashtag")
    exclude: list[Tag] = Field([], max_length=100, description="tags to leave out, in every inflection; repeatable")
    allow: list[Tag] = Field(
        [], max_length=1000, description="if given, suggest only these tags, in any inflection; repeatable"
    )
    rank: Rank = Field(
        "similar",
        description="order of the hashtags: the most probable first (`similar`), or of those the ones that most posts "
        "use (`popular`) or that have grown most lately (`trending`)",
    )

    def options(self) -> SuggestOptions:
        """Return what is asked for, as the pipeline takes it."""
        return SuggestOptions(
            k=self.k, min_score=self.min_score, exclude=self.exclude, allow=self.allow, rank=self.rank
        )


class NeighboursQuery(BaseModel):
    """Query of `GET /v1/tags/{tag}/neighbours`."""

    model_config = ConfigDict(extra="forbid")

    k: int = Field(15, ge=1, le=50, description="maximum number of neighbours")
    plus: list[Tag] = Field([], max_length=20, description="tags to add; repeatable")
    minus: list[Tag] = Field([], max_length=20, description="tags to subtract; repeatable")


class NoQuery(BaseModel):
    """No query parameters."""

    model_config = ConfigDict(extra="forbid")


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ModelInfo(_Answer):
    """The model that answered."""

    name: str = Field(examples=["tag2vec-shipped"])
    version: str = Field(examples=["1"])
    sha256: str = Field(description="of the bundle's manifest, which pins every file in it", pattern="^[0-9a-f]{64}$")


class Hashtag(_Answer):
    """A suggested hashtag, without its `#`."""

    tag: str = Field(examples=["basketball"])
    score: Score = Field(ge=0, le=1, description="probability that a person would keep this hashtag", examples=[0.71])
    distance: Rounded = Field(ge=0, description="Euclidean distance from the clip in the tag space", examples=[0.58])
    rank: int = Field(ge=1, examples=[1])


class VideoInfo(_Answer):
    """The clip as it was decoded."""

    duration_s: Rounded = Field(examples=[6.0])
    fps: Rounded = Field(examples=[30.0])
    width: int = Field(description="as displayed: after rotation", examples=[480])
    height: int = Field(examples=[480])
    frames_used: int = Field(examples=[180])
    trajectories: int = Field(examples=[5120])


class Timings(_Answer):
    """Milliseconds that each stage took; 0 where the result was cached from a copy of the clip."""

    decode: Rounded = Field(ge=0, examples=[210.0])
    trajectories: Rounded = Field(ge=0, examples=[1480.0])
    fisher: Rounded = Field(ge=0, examples=[95.0])
    embed: Rounded = Field(ge=0, examples=[1.9])
    search: Rounded = Field(ge=0, examples=[0.6])
    total: Rounded = Field(ge=0, examples=[1787.5])


class Hashtags(_Answer):
    """Hashtags for a clip."""

    request_id: str = Field(examples=["5f0c9d0e8c7b4a53a4a8f9d6c1e2b374"])
    model: ModelInfo
    hashtags: list[Hashtag]
    confident: bool = Field(
        description="the clip resembles what the model was trained on; if not, the hashtags are guesses"
    )
    video: VideoInfo
    timings_ms: Timings
    warnings: list[str] = Field(description="reasons why this answer is less certain")


class Neighbour(_Answer):
    """A neighbour of a tag."""

    tag: str = Field(examples=["nba"])
    score: Score = Field(ge=0, le=1, examples=[0.77])
    distance: Rounded = Field(ge=0, examples=[0.46])
    rank: int = Field(ge=1, examples=[1])


class Asked(_Answer):
    """A tag of the query."""

    tag: str = Field(description="in its most common spelling", examples=["basketball"])
    parts: list[str] = Field(description="the known tags that replace it, if it is not known itself")


class Neighbours(_Answer):
    """The nearest neighbours of a tag, or of a sum of tags."""

    tag: str = Field(description="the tag of the path, in its most common spelling", examples=["basketball"])
    plus: list[Asked] = Field(description="the tags that were added, the tag of the path first")
    minus: list[Asked] = Field(description="the tags that were subtracted")
    model: ModelInfo
    neighbours: list[Neighbour]
    warnings: list[str] = Field(description="which tags are not known, and what replaced them")


class Limits(_Answer):
    """The limits on requests."""

    max_bytes: int = Field(description="size of a clip")
    max_duration_s: float
    max_frames: int
    max_width: int = Field(description="pixels of the long side")
    max_height: int = Field(description="pixels of the short side")
    max_fps: float = Field(description="clips with a higher frame rate are resampled to this")
    max_hashtags: int = Field(description="largest `k`")
    deadline_s: float = Field(description="seconds from the last byte of an upload to the answer")
    upload_s: float = Field(description="seconds that an upload may take")
    upload_idle_s: float = Field(description="seconds without data after which an upload is refused")
    workers: int = Field(description="clips that are analysed at a time")
    queue: int = Field(description="clips that may wait for a worker")


class TrainedModel(ModelInfo):
    """The model in use."""

    tags: int = Field(description="tags that may be suggested")
    ranks: list[Rank] = Field(description="valid values of `rank`; `trending` needs posts with dates")
    hashtags: list[str] = Field(description="hashtags that clips were trained towards")


class Sandbox(_Answer):
    """The confinement of the processes that open clips."""

    missing: list[Measure] = Field(description="measures that the service's system does not provide")


class Info(_Answer):
    """The service, its model and its limits."""

    version: str = Field(description="of the service")
    model: TrainedModel
    containers: list[str]
    limits: Limits
    sandbox: Sandbox


class Status(_Answer):
    """The state of the service."""

    status: str = Field(examples=["ok"])
