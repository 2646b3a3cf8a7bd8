"""Limits on a request's body: its size, as announced and as counted, and the time that it takes to arrive."""

import asyncio
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import Code, Problem
from service.settings import Settings

FORM_BYTES: Final = 256 * 2**10
"""Bytes that a multipart body may have beside its clip: enough for the longest lists of tags."""


FEEDBACK_BYTES: Final = 64 * 2**10
"""Bytes of a body of feedback, which is read at once."""


def clip_too_large(settings: Settings) -> Problem:
    """Return the problem of a clip with too many bytes."""
    return Problem(
        Code.clip_too_large,
        f"The clip is larger than {settings.max_bytes / 2**20:.4g} MiB. Send a shorter or smaller one.",
    )


def _feedback_too_large() -> Problem:
    detail = f"Feedback may have at most {FEEDBACK_BYTES // 2**10} KiB."
    return Problem(Code.invalid_request, detail, errors=[{"where": "body", "what": detail}])


class BodyLimits:
    """ASGI middleware that refuses a body that is too large or too slow.

    The announced size is checked before anything is read, so a client that sends `Expect: 100-continue` is refused
    before it sends the clip.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        settings = self.settings
        headers = Headers(scope=scope)
        is_feedback = scope["path"].removeprefix(scope["root_path"]) == "/v1/feedback"
        problem = _feedback_too_large() if is_feedback else clip_too_large(settings)
        is_form = headers.get("content-type", "").lower().startswith("multipart/")
        most = FEEDBACK_BYTES if is_feedback else settings.max_bytes + (FORM_BYTES if is_form else 0)
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > most:
            await problem.answer(scope, receive, send)
            return
        clock = asyncio.get_running_loop().time
        due = clock() + settings.upload_s
        received = 0
        more = True

        async def limited() -> Message:
            nonlocal received, more
            if not more:  # all that can still arrive is the client's disconnect
                return await receive()
            try:
                async with asyncio.timeout_at(min(due, clock() + settings.upload_idle_s)):
                    message = await receive()
            except TimeoutError:
                raise Problem(
                    Code.upload_too_slow,
                    f"The upload stalled for {settings.upload_idle_s:g} s or took longer than {settings.upload_s:g} s.",
                ) from None
            received += len(message.get("body", b""))
            more = message.get("more_body", False)
            if received > most:
                raise problem
            return message

        await self.app(scope, limited, send)
