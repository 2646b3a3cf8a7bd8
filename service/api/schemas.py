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
from models.tags.languages import primary_subtag
from models.tags.platforms import Platform, PlatformName
from models.tags.suggest_options import Rank, SuggestOptions
from models.tags.tag_list import split
from models.tags.tag_map import SIDE
from models.video.excerpt import Excerpt
from service.api.parameters import Parameters
from service.progress import Stage, State

Tag = Annotated[str, Field(min_length=1, max_length=100)]
Tags = Annotated[list[Tag], BeforeValidator(split)]
"""Tags in any number of texts, each of which may be a list of them with commas."""


def without_default(field: dict[str, Any], schema: dict[str, Any]) -> None:
    """Move the default of a field to its description: generated clients would send it twice, or require the field."""
    default = schema.pop("default", None)
    if default not in (None, []):
        field["description"] += f"; by default {default}"


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema["properties"].values():
        without_default(field, field)


class _Absent:
    """Leaves null out of the schema of an optional parameter: no query or form can hold one."""

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        while schema["type"] in ("nullable", "function-after"):
            schema = schema["schema"]
        return handler(schema)


class SuggestQuery(Parameters):
    """Query of `POST /v1/hashtags`."""

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
        description="order of the hashtags: the most probable first (`similar`), or, among those, the most used "
        "(`popular`) or the fastest growing (`trending`). Scores need not decrease down the list: similarly spelt "
        "hashtags are spread out, and `popular` and `trending` use another order",
    )
    platform: Annotated[PlatformName | None, _Absent()] = Field(
        None,
        description="suggest only hashtags that are valid there, and no more than a post may have; "
        "see `GET /v1/platforms`",
    )

    language: Annotated[Annotated[str, Field(max_length=20), AfterValidator(primary_subtag)] | None, _Absent()] = Field(
        None,
        description="suggest only tags used in posts of this language: an ISO 639-1 code from `model.languages` in "
        "`GET /v1/info`; of a locale such as `en-US`, the language counts",
        examples=["en"],
    )
    start: float = Field(0.0, ge=0, description="start of the part to analyse, in seconds into the clip")
    end: Annotated[Annotated[float, Field(ge=0)] | None, _Absent()] = Field(
        None, description="end of that part, in seconds into the clip; by default the end of the clip"
    )

    @field_validator("end")
    @classmethod
    def _after_start(cls, end: float | None, given: ValidationInfo) -> float | None:
        if end is not None and end <= given.data.get("start", 0.0):
            raise ValueError("The part has to end after its start. Send a later end, or an earlier start.")
        return end

    @property
    def excerpt(self) -> Excerpt:
        """The part of the clip to analyse."""
        return Excerpt(start_s=self.start, end_s=self.end)

    hint: Tags = Field(
        [],
        max_length=20,
        description="hashtags that the clip already has: they guide the suggestions, and are not suggested again; "
        "repeatable, or separated by commas",
    )
    diversity: float = Field(
        DEFAULT,
        ge=0,
        le=1,
        description="how strongly similarly spelt hashtags are demoted; 0: not at all, the most probable come first",
    )

    tracks: bool = Field(
        False, description=f"return up to {MOST_TRACKS} of the clip's trajectories, to be drawn over it"
    )
    explain: bool = Field(
        False, description="return why each hashtag was suggested (`because`), and when in the clip (`moments`)"
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
    """A form with a clip. Parameters may be given here or in the query; other fields are ignored."""

    model_config = ConfigDict(extra="ignore", json_schema_extra=_without_defaults)

    file: Annotated[bytes, WithJsonSchema({"type": "string", "format": "binary", "description": "the clip"})]


class NeighboursQuery(Parameters):
    """Query of `GET /v1/tags/{tag}/neighbours`."""

    k: int = Field(15, ge=1, le=50, description="maximum number of neighbours")
    plus: Tags = Field([], max_length=20, description="tags to add; repeatable, or separated by commas")
    minus: Tags = Field([], max_length=20, description="tags to subtract; repeatable, or separated by commas")


class CompleteQuery(Parameters):
    """Query of `GET /v1/tags`."""

    prefix: str = Field("", max_length=100, description="the text typed so far, with or without `#`", examples=["bea"])
    k: int = Field(10, ge=1, le=50, description="maximum number of tags")


class _Identified(answers.Strict):
    request_id: str = Field(examples=["5f0c9d0e8c7b4a53a4a8f9d6c1e2b374"])


class Hashtags(answers.Hashtags, _Identified):
    """Hashtags for a clip."""


class Platforms(answers.Strict):
    """Hashtag rules of social platforms."""

    platforms: list[Platform]


class FeedbackBody(BaseModel):
    """Which hashtags of an answer people used."""

    model_config = ConfigDict(extra="forbid")

    request_id: str = Field(pattern="^[A-Za-z0-9._-]{1,64}$", examples=["5f0c9d0e8c7b4a53a4a8f9d6c1e2b374"])
    kept: list[Tag] = Field([], max_length=100, description="suggested hashtags that were used", examples=[["beach"]])
    added: list[Tag] = Field([], max_length=100, description="hashtags that were used and not suggested")
    dropped: list[Tag] = Field([], max_length=100, description="suggested hashtags that were not used")


class RequestState(_Identified):
    """Progress of a request with a clip."""

    state: State = Field(
        description="`receiving` its clip; `waiting` for a worker; `analysing`; `done`: answered, refused or cancelled"
    )
    place: int | None = Field(ge=1, description="position in the queue, from 1; null unless `waiting`")
    stage: Stage | None = Field(description="`encode` (by a worker), then `suggest`; null unless `analysing`")


class Limits(answers.Strict):
    """The limits on requests."""

    max_bytes: int = Field(description="size of a clip")
    max_duration_s: float = Field(description="of the picture; sound may be longer")
    max_frames: int = Field(description="frames in the file, at any rate; at most `max_fps` a second are used")
    max_pixels: int = Field(description="pixels of all frames in the file; of some codecs each counts more")
    max_width: int = Field(description="pixels of the long side")
    max_height: int = Field(description="pixels of the short side")
    max_fps: float = Field(description="maximum number of frames used per second; usually about 15 are used")
    max_form_bytes: int = Field(description="bytes that a form may have beside the clip")
    max_hashtags: int = Field(description="largest `k`")
    deadline_s: float = Field(description="seconds from the last byte of an upload to the answer")
    upload_s: float = Field(description="seconds that an upload may take")
    upload_idle_s: float = Field(description="seconds without data after which an upload is refused")
    workers: int = Field(description="clips that are analysed at a time")
    queue: int = Field(description="clips that may wait for a worker")


class TrendsInfo(answers.Strict):
    """The posts behind `rank=trending`."""

    newest_post: date = Field(examples=["2025-05-31"])


class TrainedModel(answers.ModelInfo):
    """The model in use."""

    tags: int = Field(description="tags that may be suggested")
    ranks: list[Rank] = Field(description="valid values of `rank`; `trending` needs posts with dates")
    languages: list[str] = Field(
        description="valid values of `language`, the most used first; empty if there were too few posts"
    )
    trends: TrendsInfo | None = Field(description="null if the model cannot rank by `trending`")
    hashtags: list[str] = Field(description="hashtags that clips were trained towards")
    map: bool = Field(description="whether `GET /v1/map` has a map of the tags")


class Region(answers.Strict):
    """A region of the map."""

    name: str = Field(description="its most typical tags; empty if none may be named", examples=["food · yummy"])
    x: int = Field(ge=0, le=SIDE, description="of its centre")
    y: int = Field(ge=0, le=SIDE)


class Map(answers.Strict):
    """The map of the tag space, by columns: one entry for each tag, the most used first."""

    tags: list[str]
    x: list[int] = Field(description=f"from left to right, 0 to {SIDE}")
    y: list[int] = Field(description=f"from top to bottom, 0 to {SIDE}")
    posts: list[int] = Field(description="training posts that use each tag")
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
