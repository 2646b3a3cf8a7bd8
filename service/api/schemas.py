"""What the service takes and answers, as OpenAPI tells it."""

import math
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from models.tags.suggestions import Rank, SuggestOptions

Tag = Annotated[str, Field(min_length=1, max_length=100)]
Rounded = Annotated[float, AfterValidator(lambda number: round(number, 4))]
"""A measured number, without the digits that say nothing."""
Score = Annotated[float, AfterValidator(lambda score: math.floor(score * 1e4 + 1e-6) / 1e4)]
"""Rounded down, so that a score that was seen can be asked for as `min_score`, and only certainty is 1."""


class SuggestQuery(BaseModel):
    """Query of `POST /v1/hashtags`."""

    model_config = ConfigDict(extra="forbid")

    k: int = Field(15, ge=1, le=50, description="how many hashtags at most")
    min_score: float = Field(0.0, ge=0, le=1, description="no hashtag with a lower score")
    exclude: list[Tag] = Field([], max_length=100, description="tags not wanted in any inflection; repeatable")
    allow: list[Tag] = Field(
        [], max_length=1000, description="where given, no other tags than these, in any inflection; repeatable"
    )
    rank: Rank = Field(
        "similar",
        description="first what fits most likely (`similar`), or of that what most posts use (`popular`) or what has "
        "grown most lately (`trending`)",
    )

    def options(self) -> SuggestOptions:
        """Return what is asked for, as the pipeline takes it."""
        return SuggestOptions(
            k=self.k, min_score=self.min_score, exclude=self.exclude, allow=self.allow, rank=self.rank
        )


class NeighboursQuery(BaseModel):
    """Query of `GET /v1/tags/{tag}/neighbours`."""

    model_config = ConfigDict(extra="forbid")

    k: int = Field(15, ge=1, le=50, description="how many neighbours at most")
    plus: list[Tag] = Field([], max_length=20, description="tags to add to it; repeatable")
    minus: list[Tag] = Field([], max_length=20, description="tags to take away from it; repeatable")


class NoQuery(BaseModel):
    """Query of everything else."""

    model_config = ConfigDict(extra="forbid")


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ModelInfo(_Answer):
    """The model that answered."""

    name: str = Field(examples=["tag2vec-shipped"])
    version: str = Field(examples=["1"])
    sha256: str = Field(description="of the bundle's manifest, which pins every file of it", pattern="^[0-9a-f]{64}$")


class Hashtag(_Answer):
    """A suggested hashtag, without its `#`."""

    tag: str = Field(examples=["basketball"])
    score: Score = Field(ge=0, le=1, description="probability that people would keep it", examples=[0.71])
    distance: Rounded = Field(ge=0, description="L2 distance to the embedded clip in the tag space", examples=[0.58])
    rank: int = Field(ge=1, examples=[1])


class VideoInfo(_Answer):
    """What was seen of the clip."""

    duration_s: Rounded = Field(examples=[6.0])
    fps: Rounded = Field(examples=[30.0])
    width: int = Field(description="as displayed, after rotation", examples=[480])
    height: int = Field(examples=[480])
    frames_used: int = Field(examples=[180])
    trajectories: int = Field(examples=[5120])


class Timings(_Answer):
    """Milliseconds that each stage of this answer took; 0 for what was known from a copy of the clip."""

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
    confident: bool = Field(description="the clip looks like something that the model was trained on; false: a guess")
    video: VideoInfo
    timings_ms: Timings
    warnings: list[str] = Field(description="what makes this answer less certain")


class Neighbour(_Answer):
    """A tag near another one."""

    tag: str = Field(examples=["nba"])
    score: Score = Field(ge=0, le=1, examples=[0.77])
    distance: Rounded = Field(ge=0, examples=[0.46])
    rank: int = Field(ge=1, examples=[1])


class Asked(_Answer):
    """A tag that was asked about."""

    tag: str = Field(description="in the form most written", examples=["basketball"])
    parts: list[str] = Field(description="the known tags that stood in for it, where it is not known itself")


class Neighbours(_Answer):
    """Tags near a tag, or near a sum of tags."""

    tag: str = Field(description="the tag asked for, in the form most written", examples=["basketball"])
    plus: list[Asked] = Field(description="what was added up, that tag first")
    minus: list[Asked] = Field(description="what was taken away")
    model: ModelInfo
    neighbours: list[Neighbour]
    warnings: list[str] = Field(description="which tags are not known, and what stood in for them")


class Limits(_Answer):
    """Everything that a request is held to."""

    max_bytes: int = Field(description="of a clip")
    max_duration_s: float
    max_frames: int
    max_width: int = Field(description="pixels of the long side")
    max_height: int = Field(description="pixels of the short side")
    max_fps: float = Field(description="clips with more frames a second are resampled to this")
    max_hashtags: int = Field(description="largest `k`")
    deadline_s: float = Field(description="seconds from the upload's last byte to the answer")
    upload_s: float = Field(description="seconds that an upload may take")
    upload_idle_s: float = Field(description="seconds that an upload may stand still")
    workers: int = Field(description="clips that are worked on at a time")
    queue: int = Field(description="clips that may wait")


class TrainedModel(ModelInfo):
    """The model in use."""

    tags: int = Field(description="tags that may be suggested")
    ranks: list[Rank] = Field(description="what `rank` may be; `trending` where the posts carried dates")
    hashtags: list[str] = Field(description="hashtags that clips were trained towards")


class Info(_Answer):
    """What this service is and what it takes."""

    version: str = Field(description="of the service")
    model: TrainedModel
    containers: list[str]
    limits: Limits


class Status(_Answer):
    """State of the service."""

    status: str = Field(examples=["ok"])
