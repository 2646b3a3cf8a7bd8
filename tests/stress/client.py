"""A client that costs little, sends what it is told over a connection of its own, and says what came back and when."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.service.running import Running

FAILED = 0
"""Status of a request to which no whole answer came."""


@dataclass(frozen=True)
class Answer:
    """What came back: `status`, the body decoded and as text, and from when to when it took (`time.perf_counter`)."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)
    began: float = 0.0
    ended: float = 0.0
    text: str = ""

    @property
    def code(self) -> str:
        """The problem's code, or nothing."""
        return str(self.body.get("code", ""))

    @property
    def seconds(self) -> float:
        """From the connection's start to the answer's last byte."""
        return self.ended - self.began

    @property
    def seen(self) -> tuple[Any, Any]:
        """What must be the same for the same clip: hashtags and video."""
        return self.body.get("hashtags"), self.body.get("video")


async def send(
    port: int, body: bytes = b"", path: str = "/v1/hashtags", headers: Mapping[str, str] | None = None
) -> Answer:
    """Post a clip, or get `path` where there is no body."""
    began = time.perf_counter()
    lines = [f"{'POST' if body else 'GET'} {path} HTTP/1.1", "Host: localhost", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines += ["Content-Type: video/mp4", f"Content-Length: {len(body)}"]
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return Answer(FAILED, {"code": "refused"}, began, time.perf_counter())
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head, _, rest = (await read_all(reader)).partition(b"\r\n\r\n")
    finally:
        writer.close()
    ended = time.perf_counter()
    if not head:
        return Answer(FAILED, {"code": "broken"}, began, ended)
    whole = b"chunked" not in head and head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
    if whole and int(whole) != len(rest):
        return Answer(FAILED, {"code": "broken"}, began, ended)
    text = rest.decode(errors="replace")
    return Answer(int(head.split(b" ", 2)[1]), json.loads(text) if text.startswith("{") else {}, began, ended, text)


async def read_all(reader: asyncio.StreamReader) -> bytes:
    """Read to the end, be it a reset: a client that still sends when the connection closes has its answer by then."""
    received = b""
    with suppress(OSError):
        while part := await reader.read(65536):
            received += part
    return received


def each(server: Running, clips: Sequence[bytes], **headers: str) -> Callable[[int], Awaitable[Answer]]:
    """Return an `ask` that posts the clips in turn, never the same bytes twice: copies would be computed once."""
    return lambda number: send(server.port, clips[number % len(clips)] + number.to_bytes(8, "big"), headers=headers)


def equal(answers: Mapping[int, Answer], expected: Sequence[Answer]) -> int:
    """How many answers are those expected of the clips posted in turn."""
    return sum(
        answer.status == 200 and answer.seen == expected[number % len(expected)].seen
        for number, answer in answers.items()
    )


async def closed_loop(
    clients: int, until: Callable[[int], bool], ask: Callable[[int], Awaitable[Answer]]
) -> dict[int, Answer]:
    """Have `clients` ask one request after the other, numbered from 0, for as long as `until(number)` is false."""
    numbers = count()
    answers: dict[int, Answer] = {}

    async def one() -> None:
        while not until(number := next(numbers)):
            answers[number] = await ask(number)

    await asyncio.gather(*(one() for _ in range(clients)))
    return answers


async def open_loop(rate: float, seconds: float, ask: Callable[[int], Awaitable[Answer]]) -> dict[int, Answer]:
    """Ask `rate` times a second, whether or not answers come."""
    began = time.perf_counter()
    tasks: list[asyncio.Task[Answer]] = []
    for number in range(max(1, round(rate * seconds))):
        await asyncio.sleep(began + number / rate - time.perf_counter())
        tasks.append(asyncio.create_task(ask(number)))  # type: ignore[arg-type]
    return dict(enumerate(await asyncio.gather(*tasks)))


def after(seconds: float) -> Callable[[int], bool]:
    """Return an `until` for `closed_loop`: when this time has passed."""
    end = time.perf_counter() + seconds
    return lambda _: time.perf_counter() > end


def quantile(values: list[float], share: float) -> float:
    """The smallest value that `share` of the values do not exceed."""
    return sorted(values)[max(0, -(-round(share * 1e6) * len(values) // 10**6) - 1)]
