"""What schemathesis sends to the service as clips: bytes of all kinds, a tenth of them a real clip."""

import os
import random
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies as st

CLIP = Path(os.environ["SCHEMATHESIS_CLIP"]).read_bytes()


def bytes_or_clip() -> st.SearchStrategy[bytes]:
    return st.integers(0, 9).flatmap(lambda die: st.binary(max_size=2000) if die else st.just(CLIP))


for kind in ("mp4", "quicktime", "webm", "x-matroska", "x-msvideo"):
    schemathesis.openapi.media_type(f"video/{kind}", bytes_or_clip())
for kind in ("mp4", "octet-stream"):
    schemathesis.openapi.media_type(f"application/{kind}", bytes_or_clip())


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Put the real clip into a tenth of the forms."""
    if isinstance(body, dict) and "file" in body and random.random() < 0.1:
        return {**body, "file": CLIP}
    return body
