"""Queries and responses, as OpenAPI describes them."""

from datetime import date
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic.json_schema import JsonSchemaValue

from models import answers
from models.encoded_clip import MOST_TRACKS
from models.sandbox.confinement import Measure
from models.tags.diversity import DEFAULT
from models.tags.platforms import Platform, PlatformName
from models.tags.suggest_options import Rank, SuggestOptions
from models.tags.tag_list import split
from models.tags.tag_map import SIDE
from models.video.excerpt import Excerpt
from service.progress import Stage, State

Tag = Annotated[str, Field(min_length=1, max_length=100)]
Tags = Annotated[list[Tag], BeforeValidator(split)]
"""Tags in any number of texts, each of which may be a list of them with commas."""


def without_default(field: dict[str, Any], schema: dict[str, Any]) -> None:
    """Tell the default of a field in words: generated clients would send it, and send it twice, or demand the field."""
    default = schema.pop("default", None)
    if default not in (None, []):
        field["description"] += f"; by default {default}"


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema["properties"].values():
        without_default(field, field)


class _Absent:
    """Describes a parameter that may be absent by its type alone: no query or form can hold a null."""

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        while schema["type"] in ("nullable", "function-after"):
            schema = schema["schema"]
        return handler(schema)


class SuggestQuery(BaseModel):
    """Query of `POST /v1/hashtags`."""

    model_config = ConfigDict(extra="forbid")

    k: int = Field(15, ge=1, le=50, description="maximum number of hashtags")
    min_score: float = Field(0.0, ge=0, le=1, description="minimum score of a hashtag")
    exclude: Tags = Field(
        [], max_length=100, description="tags to leave out, in every inflection; repeatable, or separated by commas"
    )
    allow: Tags = Field(
        [],
        max_length=1000,
        description="if given, suggest only these tags, in any inflection, also those that are held back otherwise; "
        "repeatable, or separated by commas",
    )
    rank: Rank = Field(
        "similar",
        description="order of the hashtags: the most probable first (`similar`), or of those the ones that most posts "
        "use (`popular`) or that have grown most lately (`trending`). Scores need not fall from one to the "
        "next: hashtags spelt alike are spread out, and `popular` and `trending` do not go by scores",
    )
    platform: Annotated[PlatformName | None, _Absent()] = Field(
        None,
        description="only what is a hashtag there, and no more than a post may have there; see `GET /v1/platforms`",
    )

    language: Annotated[Annotated[str, Field(max_length=20), AfterValidator(str.lower)] | None, _Absent()] = Field(
        None,
        description="suggest only tags that posts of this language use: an ISO 639-1 code of `model.languages` in "
        "`GET /v1/info`",
        examples=["en"],
    )
    start: float = Field(
        0.0, ge=0, allow_inf_nan=False, description="seconds into the clip at which the part begins that is looked at"
    )
    end: Annotated[Annotated[float, Field(ge=0, allow_inf_nan=False)] | None, _Absent()] = Field(
        None, description="seconds into the clip at which that part ends; its end by default"
    )

    @field_validator("end")
    @classmethod
    def _after_start(cls, end: float | None, given: ValidationInfo) -> float | None:
        if end is not None and end <= given.data.get("start", 0.0):
            raise ValueError("The part has to end after its start")
        return end

    @property
    def excerpt(self) -> Excerpt:
        """The part of the clip to look at."""
        return Excerpt(start_s=self.start, end_s=self.end)

    hint: Tags = Field(
        [],
        max_length=20,
        description="tags that are on the clip already: they say what it shows, and are not suggested again; "
        "repeatable, or separated by commas",
    )
    diversity: float = Field(
        DEFAULT,
        ge=0,
        le=1,
        description="how far hashtags that are spelt alike give way to others; 0: not at all, so the most probable "
        "come first whatever they are",
    )

    tracks: bool = Field(
        False, description=f"tell up to {MOST_TRACKS} of the trajectories that were found, to be drawn over the clip"
    )
    explain: bool = Field(
        False, description="tell of each hashtag what it rests on (`because`), and when in the clip (`moments`)"
    )

    def options(self) -> SuggestOptions:
        """Return what is asked for, as the pipeline takes it."""
        return SuggestOptions(
            k=self.k,
            min_score=self.min_score,
            exclude=self.exclude,
            allow=self.allow,
            rank=self.rank,
            platform=self.platform,
            language=self.language,
            hint=self.hint,
            diversity=self.diversity,
        )


class HashtagsForm(SuggestQuery):
    """A form with a clip. Parameters may be here or in the query; other fields are skipped."""

    model_config = ConfigDict(extra="ignore", json_schema_extra=_without_defaults)

    file: Annotated[bytes, WithJsonSchema({"type": "string", "format": "binary", "description": "the clip"})]


class NeighboursQuery(BaseModel):
    """Query of `GET /v1/tags/{tag}/neighbours`."""

    model_config = ConfigDict(extra="forbid")

    k: int = Field(15, ge=1, le=50, description="maximum number of neighbours")
    plus: Tags = Field([], max_length=20, description="tags to add; repeatable, or separated by commas")
    minus: Tags = Field([], max_length=20, description="tags to subtract; repeatable, or separated by commas")


class CompleteQuery(BaseModel):
    """Query of `GET /v1/tags`."""

    model_config = ConfigDict(extra="forbid")

    prefix: str = Field("", max_length=100, description="what was typed, with or without `#`", examples=["bea"])
    k: int = Field(10, ge=1, le=50, description="maximum number of tags")


class _Identified(answers.Strict):
    request_id: str = Field(examples=["5f0c9d0e8c7b4a53a4a8f9d6c1e2b374"])


class Hashtags(answers.Hashtags, _Identified):
    """Hashtags for a clip."""


class Platforms(answers.Strict):
    """What social platforms take as hashtags."""

    platforms: list[Platform]


class FeedbackBody(BaseModel):
    """What became of the hashtags of an answer."""

    model_config = ConfigDict(extra="forbid")

    request_id: str = Field(pattern="^[A-Za-z0-9._-]{1,64}$", examples=["5f0c9d0e8c7b4a53a4a8f9d6c1e2b374"])
    kept: list[Tag] = Field([], max_length=100, description="suggested hashtags that were used", examples=[["beach"]])
    added: list[Tag] = Field([], max_length=100, description="hashtags that were used and not suggested")
    dropped: list[Tag] = Field([], max_length=100, description="suggested hashtags that were not used")


class RequestState(_Identified):
    """How far a request with a clip has got."""

    state: State = Field(
        description="`receiving` its clip; `waiting` for a worker; `analysing`; `done`: answered, refused or given up"
    )
    place: int | None = Field(ge=1, description="in the queue, from 1, while it waits")
    stage: Stage | None = Field(description="while it is analysed: `encode` (by a worker), then `suggest`")


class Limits(answers.Strict):
    """The limits on requests."""

    max_bytes: int = Field(description="size of a clip")
    max_duration_s: float = Field(description="of the picture; sound may be longer")
    max_frames: int = Field(description="frames in the file, at any rate; at most `max_fps` a second are used")
    max_pixels: int = Field(description="pixels of all frames in the file; of some codecs each counts more")
    max_width: int = Field(description="pixels of the long side")
    max_height: int = Field(description="pixels of the short side")
    max_fps: float = Field(description="the most frames of each second that are used; usually about 15 are")
    max_form_bytes: int = Field(description="bytes that a form may have beside the clip")
    max_hashtags: int = Field(description="largest `k`")
    deadline_s: float = Field(description="seconds from the last byte of an upload to the answer")
    upload_s: float = Field(description="seconds that an upload may take")
    upload_idle_s: float = Field(description="seconds without data after which an upload is refused")
    workers: int = Field(description="clips that are analysed at a time")
    queue: int = Field(description="clips that may wait for a worker")


class TrendsInfo(answers.Strict):
    """What `rank=trending` goes by."""

    newest_post: date = Field(examples=["2025-05-31"])


class TrainedModel(answers.ModelInfo):
    """The model in use."""

    tags: int = Field(description="tags that may be suggested")
    ranks: list[Rank] = Field(description="valid values of `rank`; `trending` needs posts with dates")
    languages: list[str] = Field(description="valid values of `language`, the most used first; none if posts were few")
    trends: TrendsInfo | None = Field(description="null: the model cannot rank by `trending`")
    hashtags: list[str] = Field(description="hashtags that clips were trained towards")
    map: bool = Field(description="whether `GET /v1/map` has a map of the tags")


class Region(answers.Strict):
    """A region of the map."""

    name: str = Field(description="the tags most typical of it; empty if none may name it", examples=["food · yummy"])
    x: int = Field(ge=0, le=SIDE, description="of its middle")
    y: int = Field(ge=0, le=SIDE)


class Map(answers.Strict):
    """The map of the tag space, by columns: one entry for each tag, the most used first."""

    tags: list[str]
    x: list[int] = Field(description=f"from left to right, 0 to {SIDE}")
    y: list[int] = Field(description=f"from top to bottom, 0 to {SIDE}")
    posts: list[int] = Field(description="that use the tag, of those that were learnt from")
    region: list[int] = Field(description="index into `regions`")
    regions: list[Region]
    model: answers.ModelInfo


class Sandbox(answers.Strict):
    """The confinement of the processes that open clips."""

    missing: list[Measure] = Field(description="measures that the service's system does not provide")


class Info(answers.Strict):
    """The service, its model and its limits."""

    version: str = Field(description="of the service")
    model: TrainedModel
    containers: list[str]
    limits: Limits
    sandbox: Sandbox
    feedback: bool = Field(description="whether `POST /v1/feedback` is on")


class Status(answers.Strict):
    """The state of the service."""

    status: str = Field(examples=["ok"])
