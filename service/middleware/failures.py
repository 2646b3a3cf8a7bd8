"""A problem document for whatever goes wrong further in."""

import asyncio
import logging
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import Code, Problem

log = logging.getLogger("service.access")

_MAX_HEADERS: Final = 100
_MAX_BYTES: Final = 16 * 2**10


class Failures:
    """ASGI middleware that refuses endless headers and turns every exception into an answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        state = scope["state"]
        started = False

        async def send_on(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            if len(headers) > _MAX_HEADERS or sum(len(name) + len(value) for name, value in headers.raw) > _MAX_BYTES:
                raise Problem(
                    Code.headers_too_large, f"Send at most {_MAX_HEADERS} headers, {_MAX_BYTES} bytes in all."
                )
            await self.app(scope, receive, send_on)
        except Problem as refusal:
            await refusal.answer(scope, receive, send_on)
        except asyncio.CancelledError:
            # The server ran out of time to stop. This task ends here anyway, so the exception need not travel on.
            if not started:
                problem = Problem(
                    Code.shutting_down,
                    "The service stopped before the clip was analysed. Retry it.",
                )
                await problem.answer(scope, receive, send_on)
        except ClientDisconnect:
            if state["outcome"] == "ok":
                state["outcome"] = "client_gone"
        except Exception:
            log.exception("request failed", extra={"data": {"request_id": state["request_id"]}})
            state["outcome"] = Code.internal_error.name
            if not started:
                problem = Problem(Code.internal_error, "Internal error; the log has details under this request ID.")
                await problem.answer(scope, receive, send_on)
