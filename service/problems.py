"""Every way in which a request can fail: a closed list of codes, sent as RFC 9457 problem documents."""

from enum import Enum
from http import HTTPStatus
from typing import Any, Literal

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import Receive, Scope, Send

MEDIA_TYPE = "application/problem+json"

_TOO_LARGE = "'60' is too large. Use 50 or less."


class Code(Enum):
    """A machine-readable kind of problem; its value is the HTTP status and the title, which never change."""

    def __init__(self, status: int, title: str) -> None:
        self.status = HTTPStatus(status)
        self.title = title

    not_http = 400, "Malformed HTTP request"
    unauthorized = 401, "Missing or invalid API key"
    origin_not_allowed = 403, "Origin not allowed"
    not_found = 404, "Not found"
    unknown_tag = 404, "Unknown tag"
    no_map = 404, "The model has no map"
    unknown_request = 404, "Unknown request"
    feedback_off = 404, "Feedback is off"
    method_not_allowed = 405, "Method not allowed"
    upload_too_slow = 408, "Upload stalled or too slow"
    clip_too_large = 413, "Clip too large"
    unsupported_media_type = 415, "Unsupported content type"
    not_a_video = 415, "Not a video file"
    unsupported_container = 415, "Unsupported container format"
    unsupported_codec = 415, "Unsupported video codec"
    invalid_request = 422, "Invalid request"
    empty_clip = 422, "Empty clip"
    no_video_stream = 422, "No video stream"
    clip_too_long = 422, "Clip too long"
    no_such_part = 422, "No such part of the clip"
    truncated = 422, "Truncated or damaged clip"
    no_dates = 422, "Trending is unavailable: the posts have no dates"
    queue_full = 429, "Queue full"
    key_busy = 429, "Too many clips under way for this API key"
    headers_too_large = 431, "Request headers too large"
    internal_error = 500, "Internal error"
    worker_died = 503, "Worker process died"
    not_ready = 503, "Service starting"
    shutting_down = 503, "Service shutting down"
    deadline_exceeded = 504, "Analysis timed out"

    @property
    def type(self) -> str:
        """Return the URI that identifies this kind of problem."""
        return f"urn:tag2vec:problem:{self.name}"


class Problem(Exception):  # noqa: N818 - RFC 9457's own term
    """A request that cannot be answered; `detail` is shown to the client."""

    def __init__(
        self,
        code: Code,
        detail: str,
        *,
        headers: dict[str, str] | None = None,
        errors: list[dict[str, str]] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.headers = headers or {}
        self.errors = errors

    def response(self, request_id: str) -> JSONResponse:
        """Return the problem document of this problem."""
        document: dict[str, Any] = {
            "type": self.code.type,
            "title": self.code.title,
            "status": int(self.code.status),
            "detail": self.detail,
            "code": self.code.name,
            "request_id": request_id,
        }
        if self.errors is not None:
            document["errors"] = self.errors
        return JSONResponse(document, self.code.status, headers=self.headers, media_type=MEDIA_TYPE)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request with this problem from within an ASGI middleware."""
        scope["state"]["outcome"] = self.code.name
        await self.response(scope["state"]["request_id"])(scope, receive, send)


def invalid(errors: list[dict[str, str]]) -> Problem:
    """Return the problem of a request with invalid parts, each with `where` it is and `what` to do about it."""
    detail = " ".join(f"{error['where']}: {error['what']}" for error in errors)
    return Problem(Code.invalid_request, detail, errors=errors)


class InvalidInput(BaseModel):
    """One invalid part of a request."""

    model_config = ConfigDict(extra="forbid")

    where: str = Field(
        description="`query`, `path` or `body`, then the name; in a list the place, from 0",
        examples=["query.k"],
    )
    what: str = Field(description="what is wrong and what to do about it, for people", examples=[_TOO_LARGE])


class ProblemDocument(BaseModel):
    """An RFC 9457 problem document."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="URI that identifies the kind of problem")
    title: str = Field(description="summary of the kind of problem, the same for every problem with this code")
    status: int = Field(description="HTTP status")
    detail: str = Field(description="what is wrong with this request and what to do about it")
    code: Literal[tuple(code.name for code in Code)] = Field(description="kind of problem, for programs to act on")  # type: ignore[valid-type]
    request_id: str = Field(description="ID under which the service logged this request")
    errors: list[InvalidInput] | None = Field(None, description="for `invalid_request`: every part that is invalid")


def documented(*codes: Code) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI `responses`, with examples, of a route that may fail with `codes` or for its headers."""
    responses: dict[int | str, dict[str, Any]] = {}
    for code in (Code.not_http, Code.unauthorized, *codes, Code.headers_too_large):
        entry = responses.setdefault(
            int(code.status),
            {
                "description": code.status.phrase,
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}, "examples": {}}},
            },
        )
        example = {
            "type": code.type,
            "title": code.title,
            "status": int(code.status),
            "detail": _EXAMPLES.get(code, code.title + "."),
            "code": code.name,
            "request_id": "5f0c9d0e8c7b4a53a4a8f9d6c1e2b374",
        }
        if code is Code.invalid_request:
            example["errors"] = [{"where": "query.k", "what": _TOO_LARGE}]
        entry["content"][MEDIA_TYPE]["examples"][code.name] = {"summary": code.title, "value": example}
        if code.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
            entry["headers"] = {
                "Retry-After": {"description": "seconds to wait before trying again", "schema": {"type": "integer"}}
            }
    return responses


_EXAMPLES = {
    Code.clip_too_large: "The clip is larger than 64 MiB. Send a shorter or smaller one.",
    Code.clip_too_long: "The clip is 75.0 s long; at most 60 s are accepted. Send a shorter one, or choose a part "
    "of it by its start and end.",
    Code.no_such_part: "The clip is 8.0 s long, so there is nothing at 12 s. Choose an earlier start.",
    Code.truncated: "The clip is cut short: its container should hold 1,204,113 bytes, but the file ends after 65,536. "
    "Send the complete file.",
    Code.queue_full: "The queue is full: 16 clips are waiting. Try again in 8 s.",
    Code.invalid_request: f"query.k: {_TOO_LARGE}",
    Code.no_dates: "Trending is unavailable: the posts have no dates. Rank by similar or popular instead.",
    Code.unknown_tag: "'qwertzuiop' is not in the tag space and cannot be split into tags that are. "
    "Try another word or spelling.",
}
