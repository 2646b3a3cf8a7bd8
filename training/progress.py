"""Progress of long work: a bar on a terminal, elsewhere a line in the log every few seconds."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import track as bar

log = logging.getLogger(__name__)

T = TypeVar("T")

SECONDS = 15.0
"""Between two log lines."""


def track(items: Iterable[T], what: str, total: int) -> Iterator[T]:
    """Yield the items, showing on stderr how many of `total` are done."""
    if sys.stderr.isatty():
        yield from bar(items, what, total, console=Console(stderr=True))
        return
    start = last = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - last >= SECONDS or done == total:
            last = now
            left = (now - start) / done * (total - done)
            log.info("%s: %d of %d, about %.0f s left", what, done, total, left)
