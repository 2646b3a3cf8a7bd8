"""The routes of the API: hashtags for a clip, neighbours of a tag, information."""

import asyncio
from collections.abc import Collection, Coroutine
from importlib.metadata import version
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi import Path as PathParameter
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

import models.tags.neighbours
from models import answers
from models.encoded_clip import EncodedClip
from models.errors import UnknownLanguage, UnknownTag
from models.tags.platforms import platforms
from models.tags.stemming import normalise
from models.tags.suggest_options import NO_DATES
from models.video.container import CONTAINERS, MEDIA_TYPES
from service.api import form_parameters, schemas, uploads
from service.api.parameters import require_single_values
from service.api.representation import Representation
from service.api.schemas import CompleteQuery, FeedbackBody, NeighboursQuery, SuggestQuery
from service.feedback import Choice
from service.lifecycle import service_of
from service.metrics import HASHTAGS
from service.middleware.body_limits import FORM_BYTES
from service.model import Model
from service.problems import Code, Problem, documented, invalid
from service.tracing import span

router = APIRouter(dependencies=[Depends(require_single_values)])

_BINARY: Final = {"type": "string", "format": "binary"}
_CLIP_BODY: Final = {
    "required": True,
    "description": "one clip: in a form, perhaps with parameters beside it, or alone. Alone it may also have the types "
    f"`video/*`, {', '.join(f'`{kind}`' for kind in MEDIA_TYPES if not kind.startswith('video/'))}, or none.",
    "content": {
        "multipart/form-data": {
            "schema": {"$ref": f"#/components/schemas/{schemas.HashtagsForm.__name__}"},
            # Lists are repeated fields, as browsers send them.
            "encoding": {uploads.FIELD: {"contentType": "video/*, application/octet-stream"}},
        },
        "application/octet-stream": {"schema": _BINARY},
    },
}
_CLIP_PROBLEMS: Final = (
    Code.upload_too_slow,
    Code.clip_too_large,
    Code.unsupported_media_type,
    Code.not_a_video,
    Code.unsupported_container,
    Code.unsupported_codec,
    Code.invalid_request,
    Code.empty_clip,
    Code.no_video_stream,
    Code.clip_too_long,
    Code.no_such_part,
    Code.truncated,
    Code.no_dates,
    Code.queue_full,
    Code.key_busy,
    Code.internal_error,
    Code.worker_died,
    Code.not_ready,
    Code.shutting_down,
    Code.deadline_exceeded,
)


async def _unless_gone(request: Request, work: "Coroutine[Any, Any, EncodedClip]") -> EncodedClip:
    """Do `work` unless the client disconnects."""

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    working, watching = asyncio.create_task(work), asyncio.create_task(gone())
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientDisconnect
    finally:
        working.cancel()
        watching.cancel()
        await asyncio.wait({working, watching})


@router.post(
    HASHTAGS,
    response_model=schemas.Hashtags,
    responses=documented(*_CLIP_PROBLEMS),
    openapi_extra={"requestBody": _CLIP_BODY},
    summary="Suggest hashtags for a clip",
    tags=["hashtags"],
)
async def suggest_hashtags(
    request: Request, response: Response, query: Annotated[SuggestQuery, Query()]
) -> schemas.Hashtags:
    """Suggest hashtags for a clip.

    Send the clip as the field `file` of a form, or as the whole body with a `video/*` content type. It is never stored.
    A form may also have the parameters as fields; its other fields are ignored.
    """
    service = service_of(request)
    key = getattr(request.state, "key", None)
    with service.clip(key) as model, service.requests.follow(request.state.request_id, key) as progress:
        _require_dates(model, query)
        _require_language(model, query, "query")
        with span("upload"):
            upload = await uploads.receive(request, service.spool, service.upload_quota, service.settings)
        try:
            query = form_parameters.complete(query, upload.fields)
            _require_dates(model, query)
            _require_language(model, query, "body")
        except (Problem, RequestValidationError):
            upload.discard()
            raise
        work = service.singleflight.encode(
            model, upload, query.excerpt, progress.queued, tracks=query.tracks, explain=query.explain
        )
        encoded = await _unless_gone(request, work)
        progress.encoded()
        with span("suggest"):
            answer = await service.compute.run(model.pipeline.suggest, encoded, **query.options())
    service.metrics.answered(answer)
    if service.feedback is not None:
        progress.answered(model.bundle.sha256, answer)
    response.headers["Server-Timing"] = ", ".join(f"{stage};dur={ms:.1f}" for stage, ms in answer.timings_ms.items())
    return schemas.Hashtags.of(answer, model.bundle, request_id=request.state.request_id)


def _require_dates(model: Model, query: SuggestQuery) -> None:
    if query.rank not in model.pipeline.suggester.ranks:
        raise Problem(Code.no_dates, NO_DATES)


def _require_language(model: Model, query: SuggestQuery, where: str) -> None:
    try:
        model.pipeline.suggester.require_language(query.language)
    except UnknownLanguage as error:
        raise invalid([{"where": f"{where}.language", "what": str(error)}]) from error


@router.get(
    "/v1/tags/{tag}/neighbours",
    response_model=answers.Neighbours,
    responses=documented(Code.unknown_tag, Code.invalid_request, Code.not_ready),
    summary="Find the neighbours of a tag",
    tags=["tags"],
)
async def find_neighbours(
    request: Request,
    tag: Annotated[str, PathParameter(min_length=1, max_length=100, examples=["basketball"])],
    query: Annotated[NeighboursQuery, Query()],
) -> Response:
    """Return the nearest neighbours of a tag, given in any inflection, with or without `#`.

    Other tags may be added to it and subtracted from it. A tag that is not known is replaced by the known tags that it
    is composed of, with a warning.
    """
    service = service_of(request)
    model = service.model_now()

    def search() -> answers.Neighbours:
        found = models.tags.neighbours.neighbours(model.pipeline.suggester, [tag, *query.plus], query.minus, query.k)
        return answers.Neighbours.of(found, model.bundle)

    try:
        return _conditional(request, await service.compute.run(search))
    except UnknownTag as error:
        raise Problem(Code.unknown_tag, str(error)) from error
    except ValueError as error:
        raise invalid([{"where": "query.minus", "what": str(error)}]) from error


@router.post(
    "/v1/feedback",
    status_code=204,
    response_class=Response,
    responses=documented(Code.feedback_off, Code.unknown_request, Code.invalid_request),
    summary="Tell what became of hashtags",
    tags=["hashtags"],
)
async def send_feedback(request: Request, body: FeedbackBody) -> Response:
    """Tell which hashtags of an answer people kept, added and dropped, so that training can learn from it.

    Works for the last thousand requests; sent again, it replaces what was sent before. No clip, no key and no request
    ID is stored.
    """
    service = service_of(request)
    if service.feedback is None:
        raise Problem(Code.feedback_off, "The operator of this service does not collect feedback.")
    progress = service.requests.find(body.request_id, getattr(request.state, "key", None))
    if progress is None or not progress.model:
        raise Problem(Code.unknown_request, "No clip was answered under this request ID lately. Check the ID.")
    choices = _choices(body, progress.relevance)
    progress.feedback = await asyncio.to_thread(
        service.feedback.keep, progress.model, choices, progress.relevance, progress.any_right, progress.feedback
    )
    return Response(status_code=204)


def _choices(body: FeedbackBody, suggested: Collection[str]) -> dict[str, Choice]:
    """Return what became of each tag.

    Raises
    ------
    Problem
        `invalid_request` if a tag is in two lists, is none, or was suggested where it should not be, or not where it
        should be.
    """
    choices: dict[str, Choice] = {}
    errors = []
    lists: tuple[tuple[Choice, list[str]], ...] = (
        ("kept", body.kept),
        ("added", body.added),
        ("dropped", body.dropped),
    )
    for choice, tags in lists:
        for number, tag in enumerate(tags):
            name = normalise(tag)
            if not name:
                what = "This is not a hashtag."
            elif name in choices:
                what = "This hashtag is listed twice."
            elif (name in suggested) == (choice == "added"):
                what = "This hashtag was suggested." if choice == "added" else "This hashtag was not suggested."
            else:
                choices[name] = choice
                continue
            errors.append({"where": f"body.{choice}.{number}", "what": what})
    if errors:
        raise invalid(errors)
    return choices


@router.get(
    "/v1/tags",
    response_model=answers.Tags,
    responses=documented(Code.invalid_request, Code.not_ready),
    summary="Complete a tag",
    tags=["tags"],
)
async def complete_tags(request: Request, query: Annotated[CompleteQuery, Query()]) -> Response:
    """Return the most used tags that begin with what was typed."""
    service = service_of(request)
    model = service.model_now()

    def search() -> answers.Tags:
        found = model.pipeline.completion.complete(query.prefix, query.k)
        tags = [answers.Tag(tag=one.tag, posts=one.posts) for one in found]
        return answers.Tags(tags=tags, model=answers.ModelInfo.of(model.bundle))

    return _conditional(request, await service.compute.run(search))


@router.get(
    "/v1/requests/{request_id}",
    response_model=schemas.RequestState,
    responses=documented(Code.unknown_request, Code.invalid_request),
    summary="Tell how far a clip has got",
    tags=["hashtags"],
)
async def get_request(
    request: Request,
    request_id: Annotated[str, PathParameter(pattern="^[A-Za-z0-9._-]{1,64}$", examples=["5f0c9d0e8c7b4a53"])],
) -> schemas.RequestState:
    """Return how far a request with a clip has got: one under way, or one of the last thousand.

    Choose its ID with the header `X-Request-ID`. Only the key that it came with may ask.
    """
    requests = service_of(request).requests
    progress = requests.find(request_id, getattr(request.state, "key", None))
    if progress is None:
        raise Problem(Code.unknown_request, "No clip came with this request ID lately. Check the ID.")
    state, place, stage = requests.state(progress)
    return schemas.RequestState(request_id=request_id, state=state, place=place, stage=stage)


@router.get(
    "/v1/platforms",
    response_model=schemas.Platforms,
    responses=documented(),
    summary="List the rules of social platforms",
    tags=["tags"],
)
async def list_platforms(request: Request) -> Response:
    """Return what social platforms take as hashtags, with the source and the date of each rule."""
    return _conditional(request, schemas.Platforms(platforms=list(platforms().values())))


@router.get(
    "/v1/info",
    response_model=schemas.Info,
    responses=documented(Code.not_ready),
    summary="Tell limits, model and formats",
    tags=["service"],
)
async def get_info(request: Request) -> Response:
    """Return the limits of the service, its model, the formats it accepts and what its sandbox lacks."""
    service = service_of(request)
    model, settings = service.model_now(), service.settings
    limits = schemas.Limits(
        max_bytes=settings.max_bytes,
        max_duration_s=settings.max_duration_s,
        max_frames=settings.max_frames,
        max_pixels=settings.max_pixels,
        max_width=settings.max_width,
        max_height=settings.max_height,
        max_fps=settings.limits.max_fps,
        max_form_bytes=FORM_BYTES,
        max_hashtags=50,
        deadline_s=settings.deadline_s,
        upload_s=settings.upload_s,
        upload_idle_s=settings.upload_idle_s,
        workers=settings.workers,
        queue=settings.queue,
    )
    trends = model.pipeline.suggester.trends
    trained = schemas.TrainedModel(
        **answers.ModelInfo.of(model.bundle).model_dump(),
        tags=len(model.pipeline.tagspace),
        ranks=model.pipeline.suggester.ranks,
        languages=model.pipeline.suggester.languages,
        trends=None if trends is None else schemas.TrendsInfo(newest_post=trends.newest_post),
        hashtags=model.hashtags,
        map=model.pipeline.suggester.tag_map is not None,
    )
    answer = schemas.Info(
        version=version("tag2vec"),
        model=trained,
        containers=list(CONTAINERS),
        limits=limits,
        sandbox=schemas.Sandbox(missing=service.missing_measures),
        feedback=service.feedback is not None,
    )
    return _conditional(request, answer)


def _conditional(request: Request, answer: BaseModel) -> Response:
    return Representation(answer.model_dump_json().encode(), "application/json").respond(request)
