"""A shard: some clips of a run, and the Parquet file with their rows, which is written atomically."""

import asyncio
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from batch.rows import RETRIED, Row, table
from batch.storage import Place
from batch.tagging import Tagger, Task

_FEWEST: Final = 16
_MOST: Final = 1024
_SHARDS: Final = 4096
"""Files of a large run: few enough to list, and small enough that an interruption costs each processor little."""

Tell = Callable[[int, int], None]
"""Is called with the number of clips done, and how many of them failed."""


@dataclass(frozen=True)
class Job:
    """Work on a shard.

    Attributes
    ----------
    number : int
        The shard's number.
    paths : sequence of str
        All of its clips.
    again : sequence of int or None
        Places of the clips to retry; None: all, for the first time.
    """

    number: int
    paths: Sequence[str]
    again: Sequence[int] | None = None

    @property
    def clips(self) -> int:
        """Number of clips that it tags."""
        return len(self.paths if self.again is None else self.again)

    def to_json(self) -> str:
        """Return it as text, for other machines."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` returned."""
        return cls(**json.loads(text))


def size_of_shards(clips: int) -> int:
    """Return how many clips a shard has; it depends only on the size of the run, so that resumed runs have the same."""
    return min(_MOST, max(_FEWEST, clips // _SHARDS))


def file_name(number: int) -> str:
    """Return the name of a shard's file."""
    return f"part-{number:06d}.parquet"


async def work(tagger: Tagger, task: Task, out: Place, job: Job, tell: Tell | None = None) -> int:
    """Tag the clips of a job and write the file of its shard; return how many of them failed.

    The file depends only on clips, model and options, not on the machine that writes it.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    places = range(len(job.paths)) if job.again is None else job.again
    attempts = 1 if job.again is None else 2

    async def tag(path: str) -> Row:
        row = await tagger.tag(path, attempts)
        if tell is not None:
            tell(1, row.error is not None)
        return row

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(tag(job.paths[place])) for place in places]
    rows = [task.result() for task in tasks]
    written = table(rows, task.model, tagger.lengths)
    file = out / file_name(job.number)
    if job.again is not None:
        before = await asyncio.to_thread(read, file)
        order = list(range(len(job.paths)))
        for number, place in enumerate(job.again):
            order[place] = len(job.paths) + number
        written = pa.concat_tables([before, written]).take(order).combine_chunks()
    await asyncio.to_thread(file.write, _parquet(written))
    return sum(row.error is not None for row in rows)


def read(file: Place, columns: Sequence[str] | None = None) -> Any:
    """Return a shard's rows as an Arrow table; raises OSError if they cannot be read."""
    with file.open() as opened:
        return pq.ParquetFile(opened).read(columns=columns)


def to_tag_again(file: Place) -> list[int]:
    """Return the places in a shard of the clips to retry."""
    found = read(file, ["error", "attempts"])
    errors, attempts = found["error"].to_pylist(), found["attempts"].to_pylist()
    return [
        place
        for place, (error, count) in enumerate(zip(errors, attempts, strict=True))
        if error in RETRIED and count == 1
    ]


def _parquet(rows: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(rows, file, compression="zstd")
    return file.getvalue()
