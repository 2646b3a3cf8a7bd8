"""Queries and responses, as OpenAPI describes them."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from models import answers
from models.sandbox.confinement import Measure
from models.tags.diversity import DEFAULT
from models.tags.suggestions import Rank, SuggestOptions
from models.tags.tag_list import split

Tag = Annotated[str, Field(min_length=1, max_length=100)]
Tags = Annotated[list[Tag], BeforeValidator(split)]
"""Tags in any number of texts, each of which may be a list of them with commas."""


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
        "use (`popular`) or that have grown most lately (`trending`)",
    )

    language: str | None = Field(
        None,
        pattern="^[a-z]{2}$",
        description="suggest only tags that posts of this language use: an ISO 639-1 code of `model.languages` in "
        "`GET /v1/info`",
        examples=["en"],
    )

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

    def options(self) -> SuggestOptions:
        """Return what is asked for, as the pipeline takes it."""
        return SuggestOptions(
            k=self.k,
            min_score=self.min_score,
            exclude=self.exclude,
            allow=self.allow,
            rank=self.rank,
            language=self.language,
            hint=self.hint,
            diversity=self.diversity,
        )


class NeighboursQuery(BaseModel):
    """Query of `GET /v1/tags/{tag}/neighbours`."""

    model_config = ConfigDict(extra="forbid")

    k: int = Field(15, ge=1, le=50, description="maximum number of neighbours")
    plus: Tags = Field([], max_length=20, description="tags to add; repeatable, or separated by commas")
    minus: Tags = Field([], max_length=20, description="tags to subtract; repeatable, or separated by commas")


class _Identified(answers.Strict):
    request_id: str = Field(examples=["5f0c9d0e8c7b4a53a4a8f9d6c1e2b374"])


class Hashtags(answers.Hashtags, _Identified):
    """Hashtags for a clip."""


class Limits(answers.Strict):
    """The limits on requests."""

    max_bytes: int = Field(description="size of a clip")
    max_duration_s: float = Field(description="of the picture; sound may be longer")
    max_frames: int = Field(description="frames in the file, at any rate; at most `max_fps` a second are used")
    max_pixels: int = Field(description="pixels of all frames in the file; of some codecs each counts more")
    max_width: int = Field(description="pixels of the long side")
    max_height: int = Field(description="pixels of the short side")
    max_fps: float = Field(description="clips with a higher frame rate are resampled to this")
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


class Status(answers.Strict):
    """The state of the service."""

    status: str = Field(examples=["ok"])
