"""The pages on which people try the service in their browser, and the files that these load."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from service.api.representation import Representation
from service.problems import Code, Problem

router = APIRouter()

FOLDER: Final = Path(__file__).parents[1] / "web"

_TYPES: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; media-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_FILES: Final = {
    file.name: Representation(file.read_bytes(), f"{_TYPES[file.suffix]}; charset=utf-8", _HEADERS)
    for file in sorted(FOLDER.iterdir())
}


@router.get("/", include_in_schema=False)
async def page(request: Request) -> Response:
    """Return the page that suggests hashtags for clips."""
    return _FILES["index.html"].respond(request)


@router.get("/map", include_in_schema=False)
async def map_page(request: Request) -> Response:
    """Return the page that shows the map of the tag space."""
    if request.scope.get("raw_path", b"").endswith(b"/"):  # its links are relative to the address without the slash
        return RedirectResponse("../map", 308)
    return _FILES["map.html"].respond(request)


@router.get("/web/{name}", include_in_schema=False)
async def file(request: Request, name: str) -> Response:
    """Return a file that the pages load."""
    if name not in _FILES or name.endswith(".html"):
        raise Problem(Code.not_found, "There is no such file.")
    return _FILES[name].respond(request)
