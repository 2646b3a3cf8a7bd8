"""Receives a request's body into a private file: a raw clip, or a field of a form."""

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from models.video.container import MEDIA_TYPES
from service.middleware.body_limits import FORM_BYTES, clip_too_large
from service.problems import Code, Problem
from service.settings import Settings

FIELD = "file"
"""Name of the multipart field that holds the clip."""

_CLIP_TYPES: Final = {"application/octet-stream", *(kind for kind in MEDIA_TYPES if not kind.startswith("video/"))}
"""Content types of a raw clip, besides `video/*`. None at all is as good: the clip's bytes tell what it is."""
_TYPES_TAKEN: Final = ", ".join(["multipart/form-data", "video/*", *sorted(_CLIP_TYPES)])

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
    """A complete upload: `folder/clip`, in a folder of its own, and the other fields of the form that it came in."""

    folder: Path
    sha256: str
    size: int
    quota: UploadQuota
    fields: "Sequence[Field]" = ()

    def discard(self) -> None:
        """Remove it, off the event loop."""
        self.quota.release(self.size)
        asyncio.get_running_loop().run_in_executor(None, _remove, self.folder)


async def receive(request: Request, spool: Path, quota: UploadQuota, settings: Settings) -> Upload:
    """Receive the clip that `request` carries, as its raw body or as the field `file` of a form.

    Raises
    ------
    Problem
        `unsupported_media_type`, `clip_too_large`, `empty_clip`, `invalid_request` or `queue_full`, and what
        `BodyLimits` raises.
    ClientDisconnect
        If the client disconnects. After this and every other error nothing is left on disk.
    """
    coding = request.headers.get("content-encoding", "").strip().lower()
    if coding not in ("", "identity"):
        raise Problem(
            Code.unsupported_media_type,
            "The header Content-Encoding says that the body is compressed or coded. Send the clip as it is, without "
            "this header.",
            headers={"Accept-Encoding": "identity"},
        )
    type_, options = parse_options_header(request.headers.get("content-type"))
    kind = type_.decode("latin-1")
    is_form = kind == "multipart/form-data"
    if kind and not is_form and not kind.startswith("video/") and kind not in _CLIP_TYPES:
        raise Problem(
            Code.unsupported_media_type,
            f"Send the clip as the field '{FIELD}' of multipart/form-data, or as the body with the type video/*, "
            f"{' or '.join(sorted(_CLIP_TYPES))}, or with none.",
            headers={"Accept": _TYPES_TAKEN},
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
            return Upload(folder, digest.hexdigest(), size, quota, form.fields if form is not None else ())
    except BaseException:
        quota.release(size)
        _remove(folder)
        raise


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Field:
    """A field of a form, other than the clip."""

    name: str
    value: bytearray = field(default_factory=bytearray)


class _Form:
    """Parses a multipart body: passes the content of the field `file` to `keep` and collects the other fields.

    Clients add fields of their own, in any order: names and types of files, captions, metadata. Whoever looks at
    `fields` picks those that mean something. All that is not the clip is bounded together, to `FORM_BYTES`.
    """

    def __init__(self, boundary: bytes, keep: Callable[[bytes], None]) -> None:
        if not boundary:
            raise _invalid("The content type multipart/form-data has no boundary.")
        self.fields: list[Field] = []
        self._keep = keep
        self._boundary = b"--" + boundary
        self._preamble: bytes | None = b"\n"  # as if a line ended before the body
        self._beside = 0
        self._has_clip = self._in_clip = self._complete = False
        self._name = self._value = b""
        self._headers: dict[bytes, bytes] = {}
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._headers.clear,
                    "on_header_field": self._header_field,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._headers_finished,
                    "on_part_data": self._part_data,
                    "on_end": self._end,
                },
                max_header_count=8,
                max_header_size=2048,
            )
        except FormParserError as error:
            raise _invalid(f"{error}.") from error

    def write(self, data: bytes) -> None:
        self._beside += len(data)
        if self._preamble is not None:
            data = self._without_preamble(self._preamble + data)
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise _invalid(f"Malformed form: {error}.") from error
        if self._beside > FORM_BYTES:
            most = f"Beside the field '{FIELD}', a form may have at most {FORM_BYTES // 2**10} KiB."
            names = ", ".join(f"'{one.name[:50]}'" for one in self.fields[:5] if one.name)
            # The clip may still come; but perhaps it is what took up the space, under another name.
            hint = f" If one of these fields is the clip, call it '{FIELD}': {names}."
            raise _invalid(most if self._has_clip or not names else most + hint)

    def _without_preamble(self, data: bytes) -> bytes:
        """Drop what comes before the first boundary, which means nothing (RFC 2046, section 5.1.1)."""
        at = data.find(b"\n" + self._boundary)
        if at < 0:
            self._preamble = data[-len(self._boundary) :]
            return b""
        self._preamble = None
        return data[at + 1 :]

    def finish(self) -> None:
        if self._preamble is not None:
            raise _invalid("The form does not contain the boundary that its content type names.")
        if not self._complete:
            raise _invalid("The form ends before its closing boundary.")
        if not self._has_clip:
            raise _invalid(self._no_clip)

    @property
    def _no_clip(self) -> str:
        names = ", ".join(f"'{one.name[:50]}'" for one in self.fields[:5] if one.name)
        return f"The clip must be in the field '{FIELD}'" + (f"; found {names}." if names else ".")

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _headers_finished(self) -> None:
        name = (
            parse_options_header(self._headers.get(b"content-disposition"))[1]
            .get(b"name", b"")
            .decode(errors="replace")
        )
        self._in_clip = name == FIELD
        if not self._in_clip:
            self.fields.append(Field(name))
            return
        if self._has_clip:
            raise _invalid(f"The form has more than one field '{FIELD}'. Send one clip per form.")
        self._has_clip = True
        coding = self._headers.get(b"content-transfer-encoding", b"binary").strip().lower()
        if coding not in (b"binary", b"8bit", b"7bit"):
            raise _invalid(
                f"The header Content-Transfer-Encoding of the field '{FIELD}' says that it is coded. Send its bytes as "
                "they are."
            )

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_clip:
            self._beside -= end - start
            self._keep(data[start:end])
        else:
            self.fields[-1].value += data[start:end]

    def _end(self) -> None:
        self._complete = True


def _invalid(detail: str) -> Problem:
    return Problem(Code.invalid_request, detail, errors=[{"where": "body", "what": detail}])
