"""Clients that send a byte a second, too much, or nonsense: each refused by its rule, good clients go on."""

import asyncio
import time
from collections import Counter
from contextlib import suppress

from tests.stress.client import closed_loop, each, equal, quantile, read_all
from tests.stress.scenario import Finding, Stage, calm, milliseconds, share

_IDLE_S = 5
_MOST = 2**20


async def run(stage: Stage) -> list[Finding]:
    """500 slow clients for half a minute, with oversize, endless and broken requests beside them."""
    number = stage.count(500, 60)
    upload_s = stage.seconds(30, 5)
    with stage.server(upload_s=upload_s, upload_idle_s=_IDLE_S, max_bytes=_MOST) as server:
        port = server.port
        expected = await calm(server, stage.short)
        usual = quantile([answer.seconds for answer in await calm(server, stage.short * 2)], 0.5)
        dripping = [asyncio.create_task(_drip(port, upload_s)) for _ in range(number)]
        silent = asyncio.create_task(_say(port, _head(b"Content-Length: 100"), wait=True))
        finished = asyncio.Event()
        good = asyncio.create_task(closed_loop(1, lambda _: finished.is_set(), each(server, stage.short)))
        hasty: dict[str, list[int]] = {}
        for name, (request, _) in _BAD.items():
            hasty[name] = [(await _say(port, request))[0] for _ in range(stage.count(20, 2))]
        drips = await asyncio.gather(*dripping)
        idle = await silent
        finished.set()
        answers = await good
        server.wait_until(lambda: not server.uploads())
    outcomes = Counter(status for status, _ in drips)
    latest = max(seconds for _, seconds in drips)
    right = equal(answers, expected)
    half = quantile([answer.seconds for answer in answers.values()], 0.5)
    return [
        Finding(
            f"{number} clients at a byte a second",
            f"{dict(outcomes)}, latest after {latest:.1f} s",
            f"408 after {upload_s:g} s",
            set(outcomes) == {408},
        ),
        Finding(
            "a client that stops sending", f"{idle[0]} after {idle[1]:.1f} s", f"408 after {_IDLE_S} s", idle[0] == 408
        ),
        *(
            Finding(
                name,
                ", ".join(map(str, sorted(set(hasty[name])))),
                " or ".join(map(str, rule)),
                set(hasty[name]) <= set(rule),
            )
            for name, (_, rule) in _BAD.items()
        ),
        Finding(
            "good clips beside them",
            f"{share(right, len(answers))}; p50 {milliseconds(half)}, alone {milliseconds(usual)}",
            "all",
            right == len(answers) > 0,
        ),
    ]


def _head(*headers: bytes, kind: bytes = b"video/mp4") -> bytes:
    lines = [b"POST /v1/hashtags HTTP/1.1", b"Host: x", b"Connection: close", b"Content-Type: " + kind, *headers]
    return b"\r\n".join([*lines, b"", b""])


_FORM = b"multipart/form-data; boundary=xx"
_PART = b'--xx\r\nContent-Disposition: form-data; name="file"; filename="x.mp4"\r\n\r\nclip\r\n'


def _form(body: bytes) -> bytes:
    return _head(b"Content-Length: %d" % len(body), kind=_FORM) + body


_BAD: dict[str, tuple[bytes, tuple[int, ...]]] = {
    "body announced too large": (_head(b"Content-Length: %d" % (_MOST + 1)), (413,)),
    "body that grows too large": (
        _head(b"Transfer-Encoding: chunked") + b"".join(b"10000\r\n" + bytes(0x10000) + b"\r\n" for _ in range(20)),
        (413,),
    ),
    "10,000 headers": (_head(*(b"X-%d: y" % number for number in range(10_000))), (431,)),
    "a header of 100 kB": (_head(b"X: " + b"y" * 100_000), (431,)),
    "two clips": (_form(_PART * 2 + b"--xx--\r\n"), (422,)),
    "a form that breaks off": (_form(_PART), (422,)),
    "a part without its name": (_form(b"--xx\r\n\r\nclip\r\n--xx--\r\n"), (422,)),
    "10,000 headers in a part": (_form(b"--xx\r\n" + b"X: y\r\n" * 10_000 + b"\r\nclip\r\n--xx--\r\n"), (413, 422)),
    "10,000 parts": (
        _form(b'--xx\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 10_000 + b"--xx--\r\n"),
        (413, 422),
    ),
    "no boundary": (_head(b"Content-Length: 4", kind=b"multipart/form-data") + b"clip", (422,)),
    "not HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 50 + b"\r\n\r\n", (400,)),
}


async def _say(port: int, request: bytes, *, wait: bool = False) -> tuple[int, float]:
    """Send bytes; return the status and after how many seconds it came."""
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with suppress(OSError):
        writer.write(request)
        if not wait:
            await writer.drain()
    received = await read_all(reader)
    writer.close()
    return int(received.split(b" ", 2)[1]) if received.startswith(b"HTTP/1.1 ") else 0, time.perf_counter() - began


async def _drip(port: int, upload_s: float) -> tuple[int, float]:
    """Send a byte a second until the answer comes."""
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_head(b"Content-Length: 1000"))
    answer = asyncio.create_task(read_all(reader))
    with suppress(OSError):
        while not answer.done() and time.perf_counter() - began < upload_s + 20:
            writer.write(b"x")
            await asyncio.wait({answer}, timeout=1)
    received = b""
    with suppress(OSError, TimeoutError):
        received = await asyncio.wait_for(answer, 5)
    writer.close()
    return int(received.split(b" ", 2)[1]) if received else 0, time.perf_counter() - began
