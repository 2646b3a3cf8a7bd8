"""What an address shows, kept ready to be sent: whole, compressed, or not at all to those who have it already."""

import gzip
import hashlib
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

_REFUSED: Final = re.compile(r";\s*q=0(\.0*)?\s*$")


class Representation:
    """Content with its media type and the headers that it is always sent with."""

    def __init__(self, content: bytes, media_type: str, headers: Mapping[str, str] | None = None) -> None:
        self.content = content
        self.media_type = media_type
        # Weak: it names the content, compressed or not.
        etag = f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
        self.headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding", **(headers or {})}

    @cached_property
    def compressed(self) -> bytes:
        """The content by gzip."""
        return gzip.compress(self.content, mtime=0)

    def respond(self, request: Request) -> Response:
        """Respond in full, or with 304 if the client has this very content already."""
        if _has(request, self.headers["ETag"]):
            return Response(status_code=304, headers=self.headers)
        if _takes_gzip(request):
            headers = {**self.headers, "Content-Encoding": "gzip"}
            return Response(self.compressed, headers=headers, media_type=self.media_type)
        return Response(self.content, headers=self.headers, media_type=self.media_type)


def _has(request: Request, etag: str) -> bool:
    """Return whether the client says that it has what an entity tag names, by the weak comparison of RFC 9110."""
    known = [candidate.strip().removeprefix("W/") for candidate in request.headers.get("if-none-match", "").split(",")]
    return etag.removeprefix("W/") in known or "*" in known


def _takes_gzip(request: Request) -> bool:
    codings = [one.strip() for one in request.headers.get("accept-encoding", "").lower().split(",")]
    return any(one.partition(";")[0].strip() in ("gzip", "x-gzip") and not _REFUSED.search(one) for one in codings)
