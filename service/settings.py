"""The settings of the service, read from environment variables with the prefix `TAG2VEC_`."""

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, IPvAnyNetwork, PositiveFloat, PositiveInt
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from models.bundle import SHIPPED
from models.cpu_count import VARIABLE, processors
from models.video.limits import VideoLimits

PREFIX: Final = r"(/[A-Za-z0-9._~-]+)+"
"""Of the paths under which a proxy may show the service."""

_ORIGIN: Final = r"\*|null|[a-z][a-z0-9+.-]*://[^\s/?#]+"
_OWN_PATHS: Final = ("/v1", "/docs", "/openapi.json", "/healthz", "/readyz", "/metrics")
_ELSEWHERE: Final = frozenset({VARIABLE, "TAG2VEC_DATA"})
"""Variables that are read elsewhere: by everything that uses processors, by training and tests."""
_KUBERNETES: Final = re.compile(r"TAG2VEC_(SERVICE_(HOST|PORT.*)|PORT_\d+_.*)")
"""What Kubernetes puts into the environment of every container where a service has the name tag2vec."""


def _json_list(given: object) -> object:
    """Read a list from the text of an environment variable."""
    if not isinstance(given, str):
        return given
    try:
        read = json.loads(given)
    except ValueError:
        read = None
    if not isinstance(read, list):
        raise ValueError(f"should be a JSON list, such as {json.dumps([given])}")
    return read


def _origin(origin: str) -> str:
    if not re.fullmatch(_ORIGIN, origin):
        raise ValueError(
            "an origin is written as browsers send it, such as https://app.example: no path, no slash at the end",
        )
    return origin


def _root_path(path: str) -> str | None:
    path = path.rstrip("/")
    if not path:
        return None
    if not re.fullmatch(PREFIX, path):
        raise ValueError("should be a path that begins with a slash, such as /tags")
    if path.startswith(tuple(f"{own}/" for own in _OWN_PATHS)) or path in _OWN_PATHS:
        raise ValueError("begins with a path of the service itself; choose another")
    return path


class Settings(BaseSettings):
    """Settings of one service process; each is also an environment variable (`TAG2VEC_QUEUE=32`)."""

    model_config = SettingsConfigDict(env_prefix="TAG2VEC_", extra="forbid", frozen=True)

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0 for any free one")
    bundle: Path = Field(SHIPPED, description="folder of the model bundle")
    deny_file: Path | None = Field(None, description="file of additional tags never to suggest; reread on SIGHUP")
    kinds_file: Path | None = Field(None, description="file of additional tags to hold back; reread on SIGHUP")
    trends_file: Path | None = Field(None, description="file of newer trends (`tag2vec trends`); reread on SIGHUP")

    workers: PositiveInt = Field(
        default_factory=processors,
        description="worker processes, one clip each at a time",
    )
    queue: int = Field(16, ge=0, description="clips that may wait for a worker; further ones are refused with 429")
    deadline_s: PositiveFloat = Field(60.0, description="seconds from the last byte of an upload to the answer")
    recycle: int = Field(500, ge=0, description="clips after which a worker is replaced by a new one; 0: never")
    worker_memory_mb: PositiveInt = Field(4096, description="maximum address space of a worker process, in MiB")
    cache: int = Field(
        256,
        ge=0,
        description="clips whose encodings are cached in memory (125 KB each, 190 KB with `tracks`; with `explain` 70 "
        "KB more for each second, up to 1 MB); 0: none",
    )

    max_bytes: PositiveInt = Field(64 * 2**20, description="maximum size of a clip in bytes")
    max_duration_s: PositiveFloat = Field(60.0, description="maximum duration of a clip in seconds")
    max_frames: PositiveInt = Field(14400, description="maximum number of frames in a clip's file")
    max_pixels: PositiveInt = Field(8 * 10**9, description="maximum number of pixels of all frames of a clip together")
    max_width: PositiveInt = Field(3840, description="maximum length of a frame's long side in pixels")
    max_height: PositiveInt = Field(2160, description="maximum length of a frame's short side in pixels")
    uploads_mb: PositiveInt = Field(1024, description="maximum disk space of all uploads together, in MiB")
    upload_s: PositiveFloat = Field(120.0, description="seconds that an upload may take")
    upload_idle_s: PositiveFloat = Field(10.0, description="seconds without data after which an upload is refused")

    feedback: Path | None = Field(
        None, description="SQLite database for feedback on suggestions; without it, feedback is refused"
    )

    keys_file: Path | None = Field(
        None, description="file of API keys, one of which clients must send; reread on SIGHUP"
    )
    open: bool = Field(False, description="serve without keys on an address that others can reach")
    clips_per_key: PositiveInt = Field(4, description="clips that one key may have under way at a time")
    cors_origins: Annotated[list[Annotated[str, AfterValidator(_origin)]], NoDecode, BeforeValidator(_json_list)] = (
        Field([], description='JSON list of origins that browsers may call from; ["*"]: any')
    )
    root_path: Annotated[str, AfterValidator(_root_path)] | None = Field(
        None, description="path under which a proxy shows the service, such as `/tags`"
    )
    trusted_proxies: Annotated[list[IPvAnyNetwork], NoDecode, BeforeValidator(_json_list)] = Field(
        [], description="JSON list of addresses and networks whose `X-Forwarded-Prefix` is believed"
    )
    grace_s: PositiveFloat = Field(30.0, description="seconds given to requests under way when the service stops")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="minimum log level")

    @property
    def limits(self) -> VideoLimits:
        """Limits that workers enforce on clips."""
        return VideoLimits(
            max_bytes=self.max_bytes,
            max_width=self.max_width,
            max_height=self.max_height,
            max_duration_s=self.max_duration_s,
            max_frames=self.max_frames,
            max_pixels=self.max_pixels,
        )


def unknown_variables(names: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each of these environment variables that looks like a setting and is none.

    Their values appear nowhere: a name that is spelt wrong may be that of a secret.
    """
    prefix = "TAG2VEC_"
    known = {f"{prefix}{name.upper()}" for name in Settings.model_fields} | _ELSEWHERE
    for name in sorted(names):
        written = name.upper()
        if not written.startswith(prefix) or written in known or _KUBERNETES.fullmatch(written):
            continue
        nearest = difflib.get_close_matches(
            written.removeprefix(prefix), [one.removeprefix(prefix) for one in known], 1
        )
        hint = f"did you mean {prefix}{nearest[0]}?" if nearest else "docs/operations.md lists those that there are."
        yield f"{name} is not a setting, so it is ignored; {hint}"
