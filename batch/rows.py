"""The rows of the output: one per clip, with its hashtags or the reason why it has none."""

from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

RETRIED: Final = frozenset({"unreadable", "worker_died", "deadline_exceeded", "internal_error"})
"""Errors that may be transient: those of a storage, a process or a machine."""


@dataclass(frozen=True)
class Vectors:
    """Vectors of a clip, for similarity search.

    Attributes
    ----------
    fisher, appearance : float32 arrays
        Fisher vector and image features.
    embedding : float32 array
        The clip's point in the tag space; only its direction matters.
    """

    fisher: NDArray[np.float32]
    appearance: NDArray[np.float32]
    embedding: NDArray[np.float32]


@dataclass(frozen=True)
class VectorLengths:
    """How many numbers each vector of a clip has, with the models of one bundle."""

    fisher: int
    appearance: int
    embedding: int


@dataclass(frozen=True, kw_only=True)
class Row:
    """A clip.

    Attributes
    ----------
    path : str
        As the source names it.
    attempts : int
        1, or 2 if the first one failed for a reason of `RETRIED`.
    sha256 : str or None
        Of the clip's bytes; None if they could not be read to their end.
    tags, scores : list
        Hashtags, the best first, and their scores.
    confident : bool or None
    seconds, fps : float or None
        Duration, and frames a second.
    width, height : int or None
        px, as displayed.
    warnings : list of str
    error, message : str or None
        Why there are no hashtags: an error code of the API, or `unreadable`; and a human-readable sentence.
    vectors : Vectors or None
    """

    path: str
    attempts: int = 1
    sha256: str | None = None
    tags: list[str] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    confident: bool | None = None
    seconds: float | None = None
    fps: float | None = None
    width: int | None = None
    height: int | None = None
    warnings: list[str] = field(default_factory=list)
    error: str | None = None
    message: str | None = None
    vectors: Vectors | None = None


def schema(model: str, lengths: VectorLengths | None) -> Any:
    """Return the Arrow schema of the output of a model (its SHA-256), with vectors if their lengths are given."""
    fields = [
        pa.field("path", pa.string(), nullable=False),
        pa.field("sha256", pa.string()),
        pa.field("tags", pa.list_(pa.string()), nullable=False),
        pa.field("scores", pa.list_(pa.float64()), nullable=False),
        pa.field("confident", pa.bool_()),
        pa.field("seconds", pa.float64()),
        pa.field("fps", pa.float64()),
        pa.field("width", pa.int32()),
        pa.field("height", pa.int32()),
        pa.field("warnings", pa.list_(pa.string()), nullable=False),
        pa.field("error", pa.string()),
        pa.field("message", pa.string()),
        pa.field("attempts", pa.int8(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
    ]
    if lengths is not None:
        fields += [pa.field(name, pa.list_(pa.float32(), length)) for name, length in asdict(lengths).items()]
    return pa.schema(fields, metadata={"tag2vec": model})


def table(rows: list[Row], model: str, lengths: VectorLengths | None) -> Any:
    """Return the rows as an Arrow table of `schema`."""
    written = schema(model, lengths)
    columns = []
    for one in written:
        values: list[Any]
        if one.name == "model":
            values = [model] * len(rows)
        elif one.name in VectorLengths.__dataclass_fields__:
            values = [None if row.vectors is None else getattr(row.vectors, one.name) for row in rows]
        else:
            values = [getattr(row, one.name) for row in rows]
        columns.append(pa.array(values, one.type))
    return pa.table(columns, schema=written)
