"""The server process: its socket and its signals."""

import asyncio
import math
import signal
import socket
import time
from contextlib import suppress
from types import FrameType

import uvicorn

from service.app import create_app
from service.lifecycle import Service
from service.protocol import Protocol
from service.settings import Settings


def serve(settings: Settings) -> None:
    """Serve until told to stop by SIGTERM or SIGINT.

    The first signal refuses new clips, waits for those under way (`grace_s` at most) and ends; a second one ends at
    once. SIGHUP reloads keys and model.
    """
    _allow_many_connections()
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=Protocol,
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


def _allow_many_connections() -> None:
    """Raise the limit on open files: connections are files, and slow clients may hold many."""
    with suppress(ImportError, ValueError, OSError):  # macOS refuses its own hard limit, infinity
        import resource

        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


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
        if self._service.draining and (not self._service.admission.requests or time.monotonic() > self._last_moment):
            self.should_exit = True
        return await super().on_tick(counter)
