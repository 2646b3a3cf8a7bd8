"""HTTP/1.1 as uvicorn speaks it, with a time limit for headers and problem documents for malformed requests."""

import asyncio
import re
import sys
import uuid
from typing import TYPE_CHECKING, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from service.middleware.cross_origin import readable
from service.middleware.request_context import record
from service.problems import Code, Problem

if TYPE_CHECKING:
    from service.lifecycle import Service

_HEADERS_S: Final = 15.0
"""Seconds that a connection may take to send the headers of a request."""
_LINGER_S: Final = 1.0
"""Seconds for which whatever follows a malformed request is read and dropped."""

_ORIGIN: Final = re.compile(rb"\r\norigin:[ \t]*([^\s]+)", re.IGNORECASE)


class Protocol(H11Protocol):
    """A connection that is closed while it sends no headers, and that answers malformed requests like all others."""

    _headers_due: asyncio.TimerHandle | None = None
    _refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time for the first headers."""
        super().connection_made(transport)
        self._expect_headers()

    def on_response_complete(self) -> None:
        """Start the time for the next headers."""
        super().on_response_complete()
        self._expect_headers()

    def send_400_response(self, msg: str) -> None:
        """Refuse a malformed request, and read on for a moment: closing at once could cost the client the response."""
        # Called while h11's error is being handled, which alone tells what is wrong.
        if getattr(sys.exception(), "error_status_hint", 0) == Code.headers_too_large.status:
            problem = Problem(Code.headers_too_large, "Send a shorter path and fewer or shorter headers.")
        else:
            problem = Problem(Code.not_http, "Send a well-formed HTTP/1.1 request.")
        service: Service = self.config.app.state.service  # type: ignore[union-attr]
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:  # a request is under way: its body is malformed
            state = cycle.scope["state"]
            state["outcome"] = problem.code.name
            request_id = state.setdefault("request_id", uuid.uuid4().hex)
            cycle.disconnected = True
            cycle.message_event.set()
        else:
            request_id = uuid.uuid4().hex
            record(service.metrics, request_id, "none", "none", problem.code.status, problem.code.name, 0.0)
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            problem.headers = readable(service.settings.cors_origins, self._origin())
            response = problem.response(request_id)
            headers = [*response.raw_headers, (b"connection", b"close")]
            for event in (
                h11.Response(status_code=response.status_code, headers=headers, reason=problem.code.status.phrase),
                h11.Data(data=bytes(response.body)),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self._refused = True
        self.transport.write_eof()
        self.loop.call_later(_LINGER_S, self.transport.close)

    def _origin(self) -> str:
        """Return the origin that a request names which could not be read to its end."""
        found = _ORIGIN.search(self.conn.trailing_data[0])
        return found[1].decode("latin-1") if found else ""

    def data_received(self, data: bytes) -> None:
        """Drop what follows a malformed request."""
        if not self._refused:
            super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time for headers."""
        super().connection_lost(exc)
        if self._headers_due is not None:
            self._headers_due.cancel()

    def _expect_headers(self) -> None:
        if self._headers_due is not None:
            self._headers_due.cancel()
        self._headers_due = self.loop.call_later(_HEADERS_S, self._close_if_silent)

    def _close_if_silent(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
