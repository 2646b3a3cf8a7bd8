"""Authentication by API key."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.keys import Keys
from service.problems import Code, Problem

OPEN = {"/", "/map", "/healthz", "/readyz", "/metrics"}
"""Paths that need no key: the pages, and what monitoring asks for."""

OPEN_FOLDER = "/web/"
"""What the pages load."""


class Authentication:
    """ASGI middleware that refuses requests without a valid key and puts the key's name into the request's state."""

    def __init__(self, app: ASGIApp, keys: Keys) -> None:
        self.app = app
        self.keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request."""
        path = scope["path"].removeprefix(scope["root_path"]) if scope["type"] == "http" else "/"
        if path not in OPEN and not path.startswith(OPEN_FOLDER):
            scheme, _, key = Headers(scope=scope).get("authorization", "").partition(" ")
            name = self.keys.name(key.strip()) if scheme.lower() == "bearer" else None
            if name is None:
                problem = Problem(
                    Code.unauthorized,
                    "Send a valid API key in the header 'Authorization: Bearer KEY'.",
                    headers={"WWW-Authenticate": "Bearer"},
                )
                await problem.answer(scope, receive, send)
                return
            scope["state"]["key"] = name
        await self.app(scope, receive, send)
