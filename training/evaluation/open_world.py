"""Open-world clips: of anything at all, each with hashtags that a person wrote for it. Nothing is learnt from them.

They are answered by the whole bundle (`training.open_world`).
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, BeforeValidator, TypeAdapter, ValidationError

from models.calibration import FIRST
from training.clips import ClipListError
from training.examples import stem_of

OPEN_WORLD = "answers.json"


def _parted(value: Any) -> Any:
    return value.split() if isinstance(value, str) else value


class OpenWorldClip(BaseModel):
    """A line of the table.

    Attributes
    ----------
    path : str
        Relative to the folder of the same name as the table, beside it.
    category : str
        What the clip shows.
    group, source : str
        As in `training.clips.Clip`.
    truth : list of str
        A person's hashtags; in the table separated by spaces.
    """

    path: str
    category: str
    group: str
    source: str
    truth: Annotated[list[str], BeforeValidator(_parted)]


class OpenWorldAnswer(BaseModel):
    """A clip with its suggestions, best first, and their scores; without any if it failed, and why."""

    clip: OpenWorldClip
    tags: list[str] = []
    scores: list[float] = []
    confident: bool = False
    failure: str = ""

    @property
    def right(self) -> list[bool]:
        """Which suggestions are among the person's hashtags, in whatever inflection."""
        truth = {stem_of(tag) for tag in self.clip.truth}
        return [stem_of(tag) in truth for tag in self.tags]


class OpenWorldQuality(BaseModel):
    """How the first five suggestions fare.

    `any_right`: the share of clips with one of the person's hashtags among them; `right`: how many there are, the mean
    over clips; `confident`: the share of clips that are answered with confidence; `any_right_confident`: the share of
    these with one of the person's hashtags; None if there are none.
    """

    clips: int
    sources: int
    any_right: float
    right: float
    confident: float
    any_right_confident: float | None

    @classmethod
    def of(cls, answers: Sequence[OpenWorldAnswer]) -> "OpenWorldQuality":
        """Summarise the answers to all clips, one at least."""
        right = np.array([sum(answer.right[:FIRST]) for answer in answers])
        confident = np.array([answer.confident for answer in answers])
        return cls(
            clips=len(answers),
            sources=len({answer.clip.source for answer in answers}),
            any_right=round(float((right > 0).mean()), 4),
            right=round(float(right.mean()), 4),
            confident=round(float(confident.mean()), 4),
            any_right_confident=round(float((right[confident] > 0).mean()), 4) if confident.any() else None,
        )


def read_open_world_clips(table: Path) -> list[OpenWorldClip]:
    """Read a tab-separated table with a header.

    Raises
    ------
    ClipListError
        If it cannot be read, a line is invalid or there is none.
    """
    try:
        with table.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines, delimiter="\t"))
        clips = TypeAdapter(list[OpenWorldClip]).validate_python(rows)
    except OSError as error:
        raise ClipListError(f"cannot read the open-world clips {table}: {error.strerror}.") from None
    except ValidationError as error:
        number, *where = error.errors()[0]["loc"]
        raise ClipListError(
            f"{table}, line {int(number) + 2}: {'.'.join(map(str, where))}: {error.errors()[0]['msg']}."
        ) from None
    if not clips:
        raise ClipListError(f"{table} lists no clip: add some, or leave [data] open_world out.")
    return clips


def read_open_world(folder: Path) -> list[OpenWorldAnswer]:
    """Return the answers to the clips, in the order of the table; none if nothing was measured."""
    if not (folder / OPEN_WORLD).exists():
        return []
    return TypeAdapter(list[OpenWorldAnswer]).validate_json((folder / OPEN_WORLD).read_bytes())
