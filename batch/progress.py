"""Progress of a run: clips, clips per second, failures and time left; a bar on a terminal, otherwise log lines."""

import logging
import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from batch.shards import Tell

log = logging.getLogger(__name__)

SECONDS: Final = 15.0
"""Between two lines."""


@contextmanager
def show(what: str, clips: int, done: int, failed: int) -> Iterator[Tell]:
    """Show on stderr how many of `clips` are done; yields the function to call with their progress.

    Parameters
    ----------
    what : str
    clips : int
    done, failed : int
        At the start. The rate leaves out the first clip: processes take seconds to start. In the end, it is that of
        the whole run.
    """
    start, before = math.inf, done
    begun, at_start = time.monotonic(), done
    last = begun
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:.2f} a second, {task.fields[failed]} failed,"),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    ) as bar:
        task = bar.add_task(what, total=clips, completed=done, rate=0.0, failed=failed)

        def tell(more: int, failures: int) -> None:
            nonlocal done, failed, last, start, before
            done, failed = done + more, failed + failures
            now = time.monotonic()
            if start == math.inf:
                start, before = now, done
            if done == clips:
                start, before = begun, at_start
            rate = (done - before) / max(now - start, 1e-9)
            bar.update(task, completed=done, rate=rate, failed=failed)
            if bar.disable and (now - last >= SECONDS or done == clips):
                last = now
                if done == clips:
                    when = f"in {now - begun:.0f} s"
                else:
                    when = f"{(clips - done) / rate:.0f} s left" if rate else "starting"
                log.info("%s: %d of %d clips, %.2f a second, %d failed, %s", what, done, clips, rate, failed, when)

        yield tell
