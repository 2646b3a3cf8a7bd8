"""The outermost layer of every request: its ID, log line and metrics, and what becomes of the connection."""

import asyncio
import logging
import re
import time
import uuid
from typing import Any

from opentelemetry import trace
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.metrics import Metrics

log = logging.getLogger("service.access")

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_DRAIN_S = 1.0
"""Seconds for which the rest of a refused body is read: closing at once could cost the client its response."""
_DRAIN_BYTES = 64 * 2**20


class RequestContext:
    """ASGI middleware that gives every request its context and records how it ended.

    It puts `request_id` and `outcome` ("ok") into the request's state; layers further in replace the outcome when
    something goes wrong. HEAD is answered like GET, without the body. A connection on which a part of the request's
    body is still to come is closed behind the answer, which says so: the next request would be taken for that body.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        state = scope.setdefault("state", {})
        # The server may have set both already, on finding the body malformed.
        request_id = state.setdefault("request_id", given if _SANE_ID.fullmatch(given) else uuid.uuid4().hex)
        state.setdefault("outcome", "ok")
        body = _Body(headers, receive)
        method, status = scope["method"], 0
        if method == "HEAD":
            scope["method"] = "GET"

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                sent = MutableHeaders(scope=message)
                sent["X-Request-ID"] = request_id
                if not body.ended:
                    sent["Connection"] = "close"
                _annotate_span(state)
            elif message["type"] == "http.response.body":
                if method == "HEAD":
                    message = {**message, "body": b""}
                if not message.get("more_body") and body.arriving:
                    await send({**message, "more_body": True})
                    await body.drain()
                    message = {"type": "http.response.body"}
            await send(message)

        await self.app(scope, body.receive, send_on)
        if not status:  # the client has gone
            _annotate_span(state)
        # The route's template, never the path, which may hold a user's tag.
        route = getattr(scope.get("route"), "path", "none")
        record(self.metrics, request_id, method, route, status, state["outcome"], time.perf_counter() - began)


def record(
    metrics: Metrics, request_id: str, method: str, route: str, status: int, outcome: str, seconds: float
) -> None:
    """Log a request and count it."""
    metrics.requests.labels(route, outcome).inc()
    metrics.request_seconds.labels(route).observe(seconds)
    entry = {
        "request_id": request_id,
        "method": method if method in _METHODS else "other",
        "route": route,
        "status": status,
        "outcome": outcome,
        "seconds": round(seconds, 4),
    }
    # Probes, and clients that wait for a clip, ask every few seconds: their lines would bury the others.
    log.log(logging.DEBUG if route in _PROBES else logging.INFO, "request", extra={"data": entry})


def _annotate_span(state: dict[str, Any]) -> None:
    span = trace.get_current_span()
    span.set_attributes({f"tag2vec.{name}": state[name] for name in ("request_id", "outcome")})


_PROBES = {"/healthz", "/readyz", "/metrics", "/v1/requests/{request_id}"}
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class _Body:
    """Keeps track of how much of the request's body has been read."""

    def __init__(self, headers: Headers, receive: Receive) -> None:
        self._receive = receive
        self._asked = False
        self._expects = headers.get("expect", "").lower() == "100-continue"
        self.ended = "transfer-encoding" not in headers and headers.get("content-length", "0") == "0"
        """Whether all of it was read."""

    @property
    def arriving(self) -> bool:
        """Whether more will arrive: not if all was read, or the client still waits for 100 Continue."""
        return not self.ended and (self._asked or not self._expects)

    async def receive(self) -> Message:
        self._asked = True
        message = await self._receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            self.ended = True
        return message

    async def drain(self) -> None:
        drained = 0
        try:
            async with asyncio.timeout(_DRAIN_S):
                while not self.ended and drained < _DRAIN_BYTES:
                    drained += len((await self.receive()).get("body", b""))
        except TimeoutError:
            pass
