"""Every way in which a request can fail: a closed list of codes, told as RFC 9457 problem documents."""

from enum import Enum
from http import HTTPStatus
from typing import Any, Literal

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import Receive, Scope, Send

MEDIA_TYPE = "application/problem+json"


class Code(Enum):
    """A machine-readable cause; its value is the HTTP status and a title that never change."""

    def __init__(self, status: int, title: str) -> None:
        self.status = HTTPStatus(status)
        self.title = title

    not_http = 400, "The bytes are no HTTP request"
    unauthorized = 401, "A valid key is needed"
    not_found = 404, "There is nothing at this address"
    unknown_tag = 404, "The tag space does not know this tag"
    method_not_allowed = 405, "This address does not take this method"
    upload_too_slow = 408, "The upload stalled or took too long"
    clip_too_large = 413, "The clip has too many bytes or pixels"
    unsupported_media_type = 415, "The body is neither a form nor a video"
    not_a_video = 415, "The bytes are not those of a video"
    unsupported_container = 415, "The clip's container is not taken"
    unsupported_codec = 415, "The clip's video codec cannot be decoded"
    invalid_request = 422, "The request does not fit its description"
    empty_clip = 422, "The clip has no bytes"
    no_video_stream = 422, "The clip holds no video"
    clip_too_long = 422, "The clip has too many seconds or frames"
    truncated = 422, "The clip breaks off or is damaged"
    no_motion = 422, "Nothing moves in the clip"
    no_dates = 422, "What is trending is not known: the posts carry no dates"
    queue_full = 429, "Too many clips are waiting"
    key_busy = 429, "Too many clips of this key are under way"
    headers_too_large = 431, "The request's headers are too many or too long"
    internal_error = 500, "The service failed"
    worker_died = 503, "The worker process died on this clip"
    not_ready = 503, "The service is starting"
    shutting_down = 503, "The service is stopping"
    deadline_exceeded = 504, "The clip took too long to analyse"

    @property
    def type(self) -> str:
        """Return the URI that identifies this kind of problem."""
        return f"urn:tag2vec:problem:{self.name}"


class Problem(Exception):  # noqa: N818 - RFC 9457's own term
    """A request cannot be answered; `detail` is shown to the client."""

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


class InvalidInput(BaseModel):
    """One part of a request that does not fit."""

    model_config = ConfigDict(extra="forbid")

    where: str = Field(examples=["query.k"])
    what: str = Field(examples=["Input should be less than or equal to 50"])


class ProblemDocument(BaseModel):
    """An RFC 9457 problem document."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="a URI for this kind of problem")
    title: str = Field(description="the kind of problem, always the same words for one code")
    status: int = Field(description="the HTTP status")
    detail: str = Field(description="what is wrong with this request, and what to do about it")
    code: Literal[tuple(code.name for code in Code)] = Field(description="the kind of problem, for programs")  # type: ignore[valid-type]
    request_id: str = Field(description="the id under which the service has logged this request")
    errors: list[InvalidInput] | None = Field(None, description="`invalid_request`: each part that does not fit")


def documented(*codes: Code) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI `responses` of a route that may fail with `codes`, or by its head; an example for each."""
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
            example["errors"] = [{"where": "query.k", "what": "Input should be less than or equal to 50"}]
        entry["content"][MEDIA_TYPE]["examples"][code.name] = {"summary": code.title, "value": example}
        if code.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
            entry["headers"] = {
                "Retry-After": {"description": "seconds after which to try again", "schema": {"type": "integer"}}
            }
    return responses


_EXAMPLES = {
    Code.clip_too_large: "The clip has more than 67108864 bytes. Send a shorter or smaller one.",
    Code.clip_too_long: "The clip lasts 75.0 s, more than the 60 s taken. Cut it.",
    Code.truncated: "The clip breaks off before its last frame. Send it again, whole.",
    Code.queue_full: "16 clips are waiting already. Try again in 8 s.",
    Code.invalid_request: "query.k: Input should be less than or equal to 50",
    Code.no_dates: "The posts that these tags were learnt from carry no dates: ask for similar or popular ones.",
    Code.unknown_tag: "The tag space does not know 'qwertzuiop'.",
}
