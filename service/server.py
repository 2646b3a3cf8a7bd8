"""The server process: environment, sockets, signals."""

import asyncio
import ctypes
import ipaddress
import math
import os
import resource
import signal
import socket
import sys
import tempfile
import time
import uuid
from types import FrameType

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from models.bundle import Bundle
from models.errors import Tag2VecError
from models.tags.deny_list import DenyList
from service import logs, tracing
from service.app import create_app
from service.lifecycle import Service
from service.middleware.request_context import record
from service.problems import Code, Problem
from service.settings import Settings

_KEPT = {"HOME", "LANG", "LC_ALL", "NUMBA_CACHE_DIR", "PATH", "TMPDIR", "TZ"}
_HEADERS_S = 15.0
"""Seconds that a connection may take to send a request's headers."""
_LINGER_S = 1.0
"""Seconds for which what follows a refused head is read and thrown away."""
_PR_SET_DUMPABLE = 4
_TMPDIR_CHARACTERS = 75
"""The kernel takes 107 for a socket; the fork server's has 32 of its own."""


def run(settings: Settings) -> None:
    """Serve until told to stop by SIGTERM or SIGINT.

    The first signal refuses new clips, waits for those under way (`grace_s` at most) and ends; a second one ends at
    once.

    Raises
    ------
    BundleError
        If there is no bundle to serve.
    KeyFileError
        If the key file is of no use.
    TemporaryFolderError
        If the path of the folder for temporary files is too long.
    OpenToAllError
        If others could reach the service and it was not told what to ask of them.
    """
    Bundle.open(settings.bundle)
    if settings.deny_file is not None:
        DenyList.read(settings.deny_file)
    if settings.keys_file is None and not settings.open and not _is_loopback(settings.host):
        raise OpenToAllError(
            f"{settings.host} can be reached by others: set TAG2VEC_KEYS_FILE to a file of keys, "
            "or say --open (TAG2VEC_OPEN=1) to serve anybody"
        )
    if len(tempfile.gettempdir()) > _TMPDIR_CHARACTERS:
        raise TemporaryFolderError(
            f"{tempfile.gettempdir()} is too long a path for the sockets that lie in it; set TMPDIR to one of at most "
            f"{_TMPDIR_CHARACTERS} characters"
        )
    tracing.configure()  # before its variables, which may hold a secret, are forgotten
    _forget_environment()
    # Connections are files, and slow clients may hold many.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    logs.configure(settings.log_level)
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=_Protocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    service: Service = app.state.service
    try:
        _Server(config, service).run()
    finally:
        service.clear()


class OpenToAllError(Tag2VecError):
    """The service would serve anybody without having been told to."""


class TemporaryFolderError(Tag2VecError):
    """The folder for temporary files cannot be used."""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _forget_environment() -> None:
    """Keep from workers, which inherit it, what the environment may hold of secrets; pin libraries to one thread.

    A worker that was taken over must not read them from this process either.
    """
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("PYTHON")}
    os.environ.clear()
    os.environ.update(kept)
    for library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
        os.environ[f"{library}_NUM_THREADS"] = "1"
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


class _Protocol(H11Protocol):
    """HTTP/1.1, with a limit on the time that a request's head may take, and with documents for what is no request."""

    _headers_due: asyncio.TimerHandle | None = None
    _refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_headers()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._expect_headers()

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser cannot take, and read on for a moment: closing at once could cost the client this."""
        # Called where h11's error is handled, which alone says what is wrong.
        if getattr(sys.exception(), "error_status_hint", 0) == Code.headers_too_large.status:
            problem = Problem(Code.headers_too_large, "Send a shorter address and fewer and shorter headers.")
        else:
            problem = Problem(Code.not_http, "Send a request of HTTP/1.1.")
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:  # a request is under way: its body went wrong
            state = cycle.scope["state"]
            state["outcome"] = problem.code.name
            request_id = state.setdefault("request_id", uuid.uuid4().hex)
            cycle.disconnected = True
            cycle.message_event.set()
        else:
            request_id = uuid.uuid4().hex
            service: Service = self.config.app.state.service  # type: ignore[union-attr]
            record(service.metrics, request_id, "none", "none", problem.code.status, problem.code.name, 0.0)
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
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

    def data_received(self, data: bytes) -> None:
        if not self._refused:
            super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
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


class _Server(uvicorn.Server):
    """Stops in two steps: refuse new clips while those under way are finished, then close."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service
        self._last_moment = math.inf

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._service.draining:
            self.force_exit = self.should_exit = True
        else:
            self._service.draining = True
            self._last_moment = time.monotonic() + self._service.settings.grace_s

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._service.reload)

    async def on_tick(self, counter: int) -> bool:
        if self._service.draining and (not self._service.clips or time.monotonic() > self._last_moment):
            self.should_exit = True
        return await super().on_tick(counter)
