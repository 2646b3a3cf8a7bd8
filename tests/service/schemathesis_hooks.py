"""What schemathesis sends to the service as clips: bytes of all kinds, a tenth of them a real clip."""

import os
import random
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies as st

from models.video.container import MEDIA_TYPES

CLIP = Path(os.environ["SCHEMATHESIS_CLIP"]).read_bytes()


def bytes_or_clip() -> st.SearchStrategy[bytes]:
    return st.integers(0, 9).flatmap(lambda die: st.binary(max_size=2000) if die else st.just(CLIP))


for kind in (*MEDIA_TYPES, "application/octet-stream"):
    schemathesis.openapi.media_type(kind, bytes_or_clip())


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Put the real clip into a tenth of the forms."""
    if isinstance(body, dict) and "file" in body and random.random() < 0.1:
        return {**body, "file": CLIP}
    return body
