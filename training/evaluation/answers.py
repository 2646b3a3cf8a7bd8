"""What clips are answered by networks that never saw their like, one by one: for the report and for looking into."""

from pathlib import Path

from pydantic import BaseModel, TypeAdapter

from training.evaluation.co_use import Judged
from training.stage import write_json

ANSWERS = "answers.json"


class AnsweredClip(BaseModel):
    """A clip kept apart. Its vector is the row of the same number in `training.out_of_fold.HeldOut.embedded`.

    Attributes
    ----------
    path, group, hashtag : str
        As in the list of clips.
    nearest : str
        The trained hashtag nearest to it.
    familiarity : float
        How much it looks like what was trained on, 0 to 1.
    confident : bool
    judged : list of Judged
        What is suggested by what either half of the posts taught, and which of it the other half finds relevant.
    """

    path: str
    group: str
    hashtag: str
    nearest: str
    familiarity: float
    confident: bool
    judged: list[Judged]


def write_answers(folder: Path, answers: list[AnsweredClip]) -> None:
    """Write the answers of all clips."""
    write_json(folder / ANSWERS, [answer.model_dump() for answer in answers])


def read_answers(folder: Path) -> list[AnsweredClip]:
    """Return what `write_answers` wrote, in the order of `training.examples.by_hashtag`."""
    return TypeAdapter(list[AnsweredClip]).validate_json((folder / ANSWERS).read_bytes())
