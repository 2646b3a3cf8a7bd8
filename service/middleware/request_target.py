"""The target of a request, in the forms that clients and proxies write."""

import ipaddress
import re
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from service.settings import PREFIX, Settings

_ABSOLUTE: Final = re.compile(r"https?://[^/]*", re.IGNORECASE)


class RequestTarget:
    """ASGI middleware that brings a request's target into the form that routes are found by.

    It takes the absolute form, as every server must (RFC 9112, section 3.2.2), ignores slashes at the end, and knows
    the prefix under which a proxy shows the service, whether the proxy strips it or not. Further in, `root_path` is the
    prefix and `path` begins with it, as ASGI has it.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http":
            prefix = self._prefix(scope)
            path = _ABSOLUTE.sub("", scope["path"], count=1) if not scope["path"].startswith("/") else scope["path"]
            if prefix and path == prefix:  # the page's links are relative to the address with the slash
                await RedirectResponse(f"{prefix}/", 308)(scope, receive, send)
                return
            if path.startswith(f"{prefix}/"):
                path = path.removeprefix(prefix)
            scope["root_path"] = prefix
            scope["path"] = f"{prefix}{path.rstrip('/') or '/'}"
        await self.app(scope, receive, send)

    def _prefix(self, scope: Scope) -> str:
        """Return what a trusted proxy says that its prefix is, or else what the operator says."""
        said = Headers(scope=scope).get("x-forwarded-prefix", "").rstrip("/")
        if re.fullmatch(PREFIX, said) and self._trusts(scope["client"]):
            return said
        return self.settings.root_path or ""

    def _trusts(self, client: tuple[str, int] | None) -> bool:
        if client is None or not self.settings.trusted_proxies:
            return False
        address = ipaddress.ip_address(client[0].partition("%")[0])
        return any(address in network for network in self.settings.trusted_proxies)
