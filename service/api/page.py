"""A page on which people try the service in their browser."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

router = APIRouter()

_PAGE: Final = (Path(__file__).parent / "page.html").read_text(encoding="utf-8")
_POLICY: Final = (
    "default-src 'none'; connect-src 'self'; media-src blob:; img-src data:; base-uri 'none'; "
    + "; ".join(
        f"{kind}-src 'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
        for kind, content in re.findall(r"<(script|style)>(.*?)</(?:script|style)>", _PAGE, re.DOTALL)
    )
)


@router.get("/", response_class=HTMLResponse, include_in_schema=False)
async def page() -> HTMLResponse:
    """Return the page."""
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"})
