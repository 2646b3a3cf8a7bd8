"""What a scenario is given, and what it says."""

import shutil
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.service.running import Running, serve
from tests.stress.client import Answer, send


@dataclass(frozen=True)
class Finding:
    """One figure and whether it is as it should be; `timed`: only a calm machine of two cores can tell."""

    what: str
    found: str
    target: str
    met: bool
    timed: bool = False


@dataclass(frozen=True)
class Stage:
    """What every scenario is given.

    Attributes
    ----------
    scale : float
        Share of the full length that it is to run.
    bundle, folder : Path
        The model to serve, and a folder for files.
    clips : list of bytes
        Good clips, each as long as the others.
    short : list of bytes
        Good clips that are soon done.
    """

    scale: float
    bundle: Path
    folder: Path
    clips: list[bytes]
    short: list[bytes]

    def count(self, full: int, least: int) -> int:
        """Return how many of something to do: `full` of them at full length, never under `least`."""
        return max(least, round(full * self.scale))

    def seconds(self, full: float, least: float) -> float:
        """Return for how long to do something."""
        return max(least, full * self.scale)

    @contextmanager
    def server(self, **settings: object) -> Iterator[Running]:
        """Start a service with two workers and no answer cache, and end it."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        with serve(folder, **{"bundle": self.bundle, "workers": 2, "cache": 0, **settings}) as server:
            server.wait_until_ready()
            yield server
        shutil.rmtree(folder)


Run = Callable[[Stage], Coroutine[Any, Any, list[Finding]]]


async def calm(server: Running, clips: list[bytes], **headers: str) -> list[Answer]:
    """Return the answers to clips that come one by one."""
    answers = [await send(server.port, clip, headers=headers) for clip in clips]
    assert {answer.status for answer in answers} == {200}, answers
    return answers


def share(part: int, whole: int) -> str:
    """Say `part` of `whole`."""
    return f"{part:,} of {whole:,}"


def milliseconds(seconds: float) -> str:
    """Say a time."""
    return f"{seconds * 1e3:,.1f} ms"
