"""Cross-origin requests of browsers (CORS): which origins may call, and what their scripts may send and read."""

from collections.abc import Sequence

from fastapi.middleware.cors import CORSMiddleware
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from service.problems import Code, Problem


def readable(origins: Sequence[str], origin: str) -> dict[str, str]:
    """Return the headers with which a script of `origin` may read an answer, if it is among those listed.

    Where the origin is not known, "", a single one that is listed is named: browsers of all others refuse the answer.
    """
    if "*" in origins:
        return {"Access-Control-Allow-Origin": "*"}
    if not origin and len(origins) == 1:
        origin = origins[0]
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} if origin in origins else {}


class CrossOrigin(CORSMiddleware):
    """ASGI middleware that lets browsers' scripts of the listed origins call the service.

    They may send any header: tracing, caching and upload libraries add headers of their own, and it is the key that
    decides what a script may do. This stands outside whatever refuses requests, so that scripts can read every refusal.
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=["GET", "HEAD", "POST"],
            allow_headers=["*"],
            allow_private_network=True,
            expose_headers=["ETag", "Retry-After", "Server-Timing", "X-Request-ID"],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        try:
            await super().__call__(scope, receive, send)
        except Problem as refusal:
            await refusal.answer(scope, receive, send)

    def preflight_response(self, request_headers: Headers) -> Response:
        """Return the answer to a preflight: what is allowed, with which the browser compares what it wants.

        Raises
        ------
        Problem
            `origin_not_allowed`.
        """
        if not self.is_allowed_origin(request_headers["origin"]):
            raise Problem(
                Code.origin_not_allowed,
                "Scripts of this origin may not call the service. Its operator lists those that may in "
                "TAG2VEC_CORS_ORIGINS.",
                headers={"Vary": "Origin"},
            )
        answer = super().preflight_response(request_headers).headers
        return Response(
            status_code=204, headers={name: value for name, value in answer.items() if not name.startswith("content-")}
        )
