"""The answer to each clip, by networks that saw no clip of its source: for the report, and for inspection."""

from pathlib import Path

from pydantic import BaseModel, TypeAdapter

from training.evaluation.co_use import Judged
from training.json_file import write_json

ANSWERS = "answers.json"


class AnsweredClip(BaseModel):
    """An unseen clip. Its vector is the row of the same number in `training.out_of_fold.OutOfFold.embedded`.

    Attributes
    ----------
    path, group, hashtag : str
        As in the list of clips.
    nearest : str
        The nearest trained hashtag.
    familiarity : float
        How much it resembles one trained hashtag, 0 to 1.
    confident : bool
    judged : list of Judged
        For each half of the posts, the suggestions learnt from it, and which of them the other half finds relevant.
    """

    path: str
    group: str
    hashtag: str
    nearest: str
    familiarity: float
    confident: bool
    judged: list[Judged]


def write_answers(folder: Path, answers: list[AnsweredClip]) -> None:
    """Write the answers to all clips."""
    write_json(folder / ANSWERS, [answer.model_dump() for answer in answers])


def read_answers(folder: Path) -> list[AnsweredClip]:
    """Return what `write_answers` wrote, in the order of `training.examples.by_hashtag`."""
    return TypeAdapter(list[AnsweredClip]).validate_json((folder / ANSWERS).read_bytes())
