"""The ASGI application."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from service import tracing
from service.api import health, page, routes, tag_map
from service.api.parameters import taken_by
from service.api.schemas import HashtagsForm, without_default
from service.invalid_input import describe
from service.lifecycle import Service
from service.metrics import HASHTAGS
from service.middleware.authentication import OPEN, Authentication
from service.middleware.body_limits import BodyLimits
from service.middleware.cross_origin import CrossOrigin
from service.middleware.failures import Failures
from service.middleware.request_context import RequestContext
from service.middleware.request_target import RequestTarget
from service.problems import Code, Problem, ProblemDocument, invalid
from service.settings import Settings

_DESCRIPTION = """
Post a clip and get hashtags for it: from its motion (improved dense trajectories, Fisher vectors) and its pictures (an
image network), by a search in a tag space learnt from real posts. Clips are analysed in separate processes and never
stored.

Every error is a problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) with a `code` from a closed list.
`GET /v1/info` returns every limit.
"""

_GROUPS = [
    {"name": "hashtags", "description": "Hashtags for clips."},
    {"name": "tags", "description": "The tags that the model knows, and what platforms take."},
    {"name": "service", "description": "The service itself: limits, health, metrics."},
]

_MOST_NAMED = 20
"""Errors of a request up to which the nearest names of unknown parameters are told."""

_ROUTING = {
    404: (Code.not_found, "There is nothing at this path. The API is documented at {docs}."),
    405: (Code.method_not_allowed, "This path does not support this method. The API is documented at {docs}."),
}


def create_app(settings: Settings) -> FastAPI:
    """Return the application for `settings`; its parts are `app.state.service`."""
    service = Service(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.start()
        try:
            yield
        finally:
            await service.stop()

    app = FastAPIOffline(
        title="tag2vec",
        version=version("tag2vec"),
        summary="Hashtags for short video clips",
        description=_DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        openapi_tags=_GROUPS,
        generate_unique_id_function=lambda route: route.name,
        telemetry=tracing.telemetry(),
    )
    app.state.service = service
    for part in (page, routes, tag_map, health):
        app.include_router(part.router)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _problem)
    app.add_exception_handler(HTTPException, _problem)
    # The middleware added last sees a request first.
    app.add_middleware(BodyLimits, settings=settings)
    if service.keys is not None:
        app.add_middleware(Authentication, keys=service.keys)
    app.add_middleware(RequestTarget, settings=settings)
    app.add_middleware(Failures)
    if settings.cors_origins:
        app.add_middleware(CrossOrigin, origins=settings.cors_origins)
    app.add_middleware(RequestContext, metrics=service.metrics)
    _complete_description(app)
    return app


def _complete_description(app: FastAPI) -> None:
    """Add problem documents, which `documented` refers to, the form with a clip, and API keys to the description."""
    describe = app.openapi

    def openapi() -> dict[str, object]:
        if app.openapi_schema is None:
            description = describe()
            schemas = description["components"]["schemas"]
            if app.state.service.keys is not None:
                description["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
                for path, operations in description["paths"].items():
                    for operation in operations.values():
                        operation["security"] = [] if path in OPEN else [{"key": []}]
            template = "#/components/schemas/{model}"
            # FastAPI knows neither of these, for it neither reads forms nor writes errors here.
            for model in (ProblemDocument, HashtagsForm):
                document = model.model_json_schema(ref_template=template)
                schemas.update(document.pop("$defs", {}))
                schemas[model.__name__] = document
            for parameter in description["paths"][HASHTAGS]["post"]["parameters"]:
                without_default(parameter, parameter["schema"])
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            app.openapi_schema = _with_names_of_answers(description)
        return describe()

    app.openapi = openapi  # type: ignore[method-assign]


def _with_names_of_answers(description: dict[str, Any]) -> dict[str, Any]:
    """Rename schemas that are called like one of their fields: generated clients would mix the two up."""
    schemas = description["components"]["schemas"]
    same = [name for name, schema in schemas.items() if name.lower() in schema.get("properties", {})]
    text = json.dumps(description)
    for name in same:
        text = text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{name}Answer"')
    renamed: dict[str, Any] = json.loads(text)
    components = renamed["components"]["schemas"]
    for name in same:
        components[f"{name}Answer"] = components.pop(name) | {"title": f"{name}Answer"}
    return renamed


async def _problem(request: Request, error: Exception) -> Response:
    """Turn every expected error into a problem document."""
    if isinstance(error, RequestValidationError):
        errors, model = error.errors(), taken_by(request)
        # Looking for names takes time: of thousands of unknown parameters none is meant for another.
        known = model.model_fields if model is not None and len(errors) <= _MOST_NAMED else ()
        error = invalid([describe(one, known) for one in errors])
    elif isinstance(error, HTTPException):
        code, detail = _ROUTING.get(error.status_code, (Code.invalid_request, str(error.detail)))
        detail = detail.replace("{docs}", f"{request.scope['root_path']}/docs")
        headers = dict(error.headers or {})
        if headers.get("Allow") == "GET":
            headers["Allow"] = "GET, HEAD"
        error = Problem(code, detail, headers=headers)
    assert isinstance(error, Problem)  # noqa: S101 - the only other error that is handled here
    request.state.outcome = error.code.name
    return error.response(request.state.request_id)
