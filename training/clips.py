"""The list of labelled clips: a table with one clip a line."""

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from models.errors import Tag2VecError


class ClipListError(Tag2VecError):
    """The list of clips cannot be used; the message names the line and the reason."""


class Clip(BaseModel):
    """One line of the list.

    Attributes
    ----------
    path : str
        Relative to the list's folder.
    category : str
        What the clip shows.
    hashtag : str
        The tag that it is trained on. If empty, its category is a background class: learnt from for the vocabulary,
        and to recognise clips that none of the hashtags fits.
    group : str
        Its source: clips of one group are never split between training and testing.
    benchmark : str
        The public benchmark that it is from, such as ``jhmdb``; may be empty.
    source : str
        The collection that it is from, often all of one uploader, place or match; may be empty.
    """

    model_config = ConfigDict(frozen=True)

    path: str
    category: str
    hashtag: str = ""
    group: str
    benchmark: str = ""
    source: str = ""


class ClipSettings(BaseModel):
    """Which clips of the list are used."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hashtags: tuple[str, ...] | None = None
    """Only clips with these. Without it, all clips, including those without a hashtag."""
    per_hashtag: int | None = None
    """Clips of each hashtag, at most, taken from its groups in turn."""


def read_clips(file: Path, settings: ClipSettings | None = None) -> list[Clip]:
    """Read a tab-separated list with a header, and return the clips that the settings select.

    Raises
    ------
    ClipListError
        If the file cannot be read, a column is missing, a line is invalid, a clip is listed twice or none is selected.
    """
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines, delimiter="\t"))
    except OSError as error:
        raise ClipListError(f"cannot read the list of clips {file}: {error.strerror}.") from None
    clips: list[Clip] = []
    for number, row in enumerate(rows, start=2):
        try:
            clips.append(Clip.model_validate(row))
        except ValidationError as error:
            first = error.errors()[0]
            raise ClipListError(f"{file}, line {number}: {first['loc'][0]}: {first['msg']}.") from None
    if twice := [path for path, count in Counter(clip.path for clip in clips).items() if count > 1]:
        raise ClipListError(f"{file} lists {twice[0]} twice: remove one of the lines.")
    chosen = choose(clips, settings or ClipSettings())
    if not chosen:
        raise ClipListError(f"{file} lists no clip that the settings [clips] select.")
    return chosen


def choose(clips: Sequence[Clip], settings: ClipSettings) -> list[Clip]:
    """Return the clips that the settings select, in the order of the list."""
    if settings.hashtags is not None:
        clips = [clip for clip in clips if clip.hashtag in settings.hashtags]
    if settings.per_hashtag is None:
        return list(clips)
    # The n-th clip of every group comes before the (n+1)-th of any.
    seen: Counter[str] = Counter()
    turns: dict[str, int] = {}
    for clip in clips:
        turns[clip.path] = seen[clip.group]
        seen[clip.group] += 1
    taken: Counter[str] = Counter()
    kept = set()
    for clip in sorted(clips, key=lambda clip: turns[clip.path]):
        if taken[clip.hashtag] < settings.per_hashtag:
            taken[clip.hashtag] += 1
            kept.add(clip.path)
    return [clip for clip in clips if clip.path in kept]
