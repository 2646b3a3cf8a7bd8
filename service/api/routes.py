"""The routes of the API: hashtags for a clip, neighbours of a tag, information."""

import asyncio
import hashlib
from collections.abc import Coroutine
from importlib.metadata import version
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParameter
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

import models.tags.neighbours
from models import answers
from models.encoded_clip import EncodedClip
from models.errors import UnknownLanguage, UnknownTag
from models.tags.suggestions import NO_DATES
from models.video.container import CONTAINERS, MEDIA_TYPES
from service.api import form_parameters, schemas, uploads
from service.api.schemas import NeighboursQuery, SuggestQuery
from service.lifecycle import service_of
from service.middleware.body_limits import FORM_BYTES
from service.model import Model
from service.problems import Code, Problem, documented
from service.tracing import span

router = APIRouter()

_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_CLIP_BODY: Final = {
    "required": True,
    "description": "one clip",
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": [uploads.FIELD],
                "properties": {
                    uploads.FIELD: {"type": "string", "format": "binary"},
                    **SuggestQuery.model_json_schema()["properties"],
                },
            }
        },
        **dict.fromkeys(MEDIA_TYPES, _BINARY),
        "application/octet-stream": _BINARY,
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
    "/v1/hashtags",
    response_model=schemas.Hashtags,
    responses=documented(*_CLIP_PROBLEMS),
    openapi_extra={"requestBody": _CLIP_BODY},
    tags=["hashtags"],
)
async def suggest(request: Request, response: Response, query: Annotated[SuggestQuery, Query()]) -> schemas.Hashtags:
    """Suggest hashtags for a clip.

    Send the clip as the field `file` of a form, or as the whole body with a `video/*` content type. It is never stored.
    A form may also have the parameters as fields; its other fields are ignored.
    """
    service = service_of(request)
    with service.clip(getattr(request.state, "key", None)) as model:
        _require_dates(model, query)
        _require_language(model, query, "query")
        with span("upload"):
            upload = await uploads.receive(request, service.spool, service.upload_quota, service.settings)
        try:
            query = form_parameters.complete(query, request.query_params.keys(), upload.fields)
            _require_dates(model, query)
            _require_language(model, query, "body")
        except (Problem, RequestValidationError):
            upload.discard()
            raise
        encoded = await _unless_gone(request, service.singleflight.encode(model, upload))
        with span("suggest"):
            answer = await service.compute.run(model.pipeline.suggest, encoded, **query.options())
    service.metrics.answered(answer)
    response.headers["Server-Timing"] = ", ".join(f"{stage};dur={ms:.1f}" for stage, ms in answer.timings_ms.items())
    return schemas.Hashtags.of(answer, model.bundle, request_id=request.state.request_id)


def _require_dates(model: Model, query: SuggestQuery) -> None:
    if query.rank not in model.pipeline.suggester.ranks:
        raise Problem(Code.no_dates, NO_DATES)


def _require_language(model: Model, query: SuggestQuery, where: str) -> None:
    try:
        model.pipeline.suggester.require_language(query.language)
    except UnknownLanguage as error:
        errors = [{"where": f"{where}.language", "what": str(error)}]
        raise Problem(Code.invalid_request, str(error), errors=errors) from error


@router.get(
    "/v1/tags/{tag}/neighbours",
    response_model=answers.Neighbours,
    responses=documented(Code.unknown_tag, Code.invalid_request, Code.not_ready),
    tags=["tags"],
)
async def neighbours(
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
        raise Problem(Code.invalid_request, str(error)) from error


@router.get("/v1/info", response_model=schemas.Info, responses=documented(Code.not_ready))
async def info(request: Request) -> Response:
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
    )
    answer = schemas.Info(
        version=version("tag2vec"),
        model=trained,
        containers=list(CONTAINERS),
        limits=limits,
        sandbox=schemas.Sandbox(missing=service.missing_measures),
    )
    return _conditional(request, answer)


def _conditional(request: Request, answer: BaseModel) -> Response:
    """Respond in full, or with 304 if the client has this very answer already."""
    body = answer.model_dump_json().encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    known = [candidate.strip().removeprefix("W/") for candidate in request.headers.get("if-none-match", "").split(",")]
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")
