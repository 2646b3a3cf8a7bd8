"""Receives a request's body into a private file: a raw clip, or the only part of a form."""

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from models.video.container import MEDIA_TYPES
from service.middleware.body_limits import clip_too_large
from service.problems import Code, Problem
from service.settings import Settings

FIELD = "file"
"""Name of the multipart field that holds the clip."""

_CLIP_TYPES: Final = {"application/octet-stream", *(kind for kind in MEDIA_TYPES if not kind.startswith("video/"))}
"""Content types of a raw clip, besides `video/*`."""

_CHUNK = 2**20
"""Bytes that are hashed and written at a time, off the event loop."""


class UploadQuota:
    """Bytes that all uploads together may take up, on disk or on their way there.

    Attributes
    ----------
    taken : int
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.taken = 0

    def reserve(self, size: int) -> None:
        """Reserve bytes.

        Raises
        ------
        Problem
            `queue_full` where too few are left.
        """
        if self.taken + size > self._most:
            raise Problem(
                Code.queue_full,
                "Uploads under way take up all the space that they may. Try again in 5 s.",
                headers={"Retry-After": "5"},
            )
        self.taken += size

    def release(self, size: int) -> None:
        """Release bytes that were reserved."""
        self.taken -= size


@dataclass(frozen=True)
class Upload:
    """A complete upload: `folder/clip`, in a folder of its own."""

    folder: Path
    sha256: str
    size: int
    quota: UploadQuota

    def discard(self) -> None:
        """Remove it, off the event loop."""
        self.quota.release(self.size)
        asyncio.get_running_loop().run_in_executor(None, _remove, self.folder)


async def receive(request: Request, spool: Path, quota: UploadQuota, settings: Settings) -> Upload:
    """Receive the clip that `request` carries, as its raw body or as the only part, `file`, of a form.

    Raises
    ------
    Problem
        `unsupported_media_type`, `clip_too_large`, `empty_clip`, `invalid_request` or `queue_full`, and what
        `BodyLimits` raises.
    ClientDisconnect
        If the client disconnects. After this and every other error nothing is left on disk.
    """
    type_, options = parse_options_header(request.headers.get("content-type"))
    kind = type_.decode("latin-1")
    is_form = kind == "multipart/form-data"
    if not is_form and not kind.startswith("video/") and kind not in _CLIP_TYPES:
        raise Problem(
            Code.unsupported_media_type,
            f"Send the clip as the field '{FIELD}' of multipart/form-data, or as the body with the type video/*, "
            f"{' or '.join(sorted(_CLIP_TYPES))}.",
        )
    folder = Path(tempfile.mkdtemp(prefix="clip-", dir=spool))
    size = 0
    try:
        with (folder / "clip").open("wb", buffering=0) as file:
            digest = hashlib.sha256()
            buffer = bytearray()

            def keep(data: bytes) -> None:
                nonlocal size
                quota.reserve(len(data))
                size += len(data)
                buffer.extend(data)

            def write() -> None:
                digest.update(buffer)
                file.write(buffer)
                buffer.clear()

            form = _Form(options.get(b"boundary", b""), keep) if is_form else None
            async for data in request.stream():
                if form is None:
                    keep(data)
                else:
                    form.write(data)
                if len(buffer) >= _CHUNK:
                    await asyncio.to_thread(write)
            await asyncio.to_thread(write)
            if form is not None:
                form.finish()
            if size > settings.max_bytes:
                raise clip_too_large(settings)
            if not size:
                raise Problem(Code.empty_clip, "The clip is empty: 0 bytes were sent.")
            return Upload(folder, digest.hexdigest(), size, quota)
    except BaseException:
        quota.release(size)
        _remove(folder)
        raise


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


class _Form:
    """Parses a multipart body of exactly one part, named `file`, and passes its content to `keep`."""

    def __init__(self, boundary: bytes, keep: Callable[[bytes], None]) -> None:
        if not boundary:
            raise _invalid("The content type multipart/form-data has no boundary.")
        self._keep = keep
        self._parts = 0
        self._complete = False
        self._name = self._value = b""
        self._field = b""
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._part,
                    "on_header_field": self._header_field,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._headers_finished,
                    "on_part_data": lambda data, start, end: self._keep(data[start:end]),
                    "on_end": self._end,
                },
                max_header_count=8,
                max_header_size=2048,
            )
        except FormParserError as error:
            raise _invalid(f"{error}.") from error

    def write(self, data: bytes) -> None:
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise _invalid(f"Malformed form: {error}.") from error

    def finish(self) -> None:
        if not self._parts:
            raise _invalid(f"The form has no field '{FIELD}'.")
        if not self._complete:
            raise _invalid("The form ends before its closing boundary.")

    def _part(self) -> None:
        self._parts += 1
        if self._parts > 1:
            raise _invalid(f"Send one clip per form, in the field '{FIELD}', and nothing else.")

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._field = parse_options_header(self._value)[1].get(b"name", b"")
        self._name = self._value = b""

    def _headers_finished(self) -> None:
        if self._field != FIELD.encode():
            raise _invalid(f"The clip must be in the field '{FIELD}'.")

    def _end(self) -> None:
        self._complete = True


def _invalid(detail: str) -> Problem:
    return Problem(Code.invalid_request, detail, errors=[{"where": "body", "what": detail}])
