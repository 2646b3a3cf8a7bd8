"""The answers of raters: as a table, as the number of suggestions that fit, and how far raters agree."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import numpy as np

from models.atomic_write import atomic_write
from training.survey.database import Judged
from training.survey.order import shown_order

COLUMNS = ("rater", "clip", "outcome", "tag", "source", "rank", "position", "score", "kept", "answered_at")


@dataclass(frozen=True)
class Summary:
    """The result of a survey.

    Attributes
    ----------
    answers, skipped : int
        Clips judged and skipped, by all raters together.
    clips, raters : int
        Those in the answers.
    kept : float or None
        Suggestions that fit, the mean over clips of the mean over raters; in the paper, 4.03.
    none : float or None
        Share of a clip's raters for whom no suggestion fits, the mean over clips; in the paper, 52 of 270 clips.
    alpha : float or None
        Krippendorff's alpha, nominal, over pairs of clip and suggested tag; None if no two raters judged the same
        clip, or all gave the same answer to everything.
    """

    answers: int
    skipped: int
    clips: int
    raters: int
    kept: float | None
    none: float | None
    alpha: float | None


def summarise(judged: Iterable[Judged]) -> Summary:
    """Summarise the finished answers."""
    every = list(judged)
    answers = [one for one in every if one.answer.outcome == "judged"]
    clips: dict[int, list[int]] = defaultdict(list)
    for one in answers:
        clips[one.clip].append(len(one.answer.kept))
    return Summary(
        answers=len(answers),
        skipped=len(every) - len(answers),
        clips=len(clips),
        raters=len({one.rater.id for one in answers}),
        kept=mean(map(mean, clips.values())) if clips else None,
        none=mean(mean(count == 0 for count in counts) for counts in clips.values()) if clips else None,
        alpha=agreement(answers),
    )


def agreement(answers: Sequence[Judged]) -> float | None:
    """Return Krippendorff's alpha of the raters over all suggested tags: kept, not kept, or missing if not judged.

    Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011). None if it is undefined.
    """
    import krippendorff

    raters = {rater: row for row, rater in enumerate(sorted({one.rater.id for one in answers}))}
    units: dict[tuple[int, str], int] = {}
    for one in answers:
        for suggestion in one.suggestions:
            units.setdefault((one.clip, suggestion.tag), len(units))
    votes = np.full((len(raters), len(units)), np.nan)
    for one in answers:
        for suggestion in one.suggestions:
            votes[raters[one.rater.id], units[one.clip, suggestion.tag]] = suggestion.tag in one.answer.kept
    shared = votes[:, (~np.isnan(votes)).sum(axis=0) > 1]
    if len(np.unique(shared[~np.isnan(shared)])) < 2:
        return None
    return float(krippendorff.alpha(reliability_data=shared, level_of_measurement="nominal"))


def write_table(path: Path, judged: Iterable[Judged]) -> int:
    """Write a line for each tag of each finished answer; return the number of lines.

    `source` is suggested or added; `rank` is the rank of the suggestion, `position` its position on the rater's page;
    `kept` is 1 or 0, or empty if the clip was skipped.
    """
    lines = 0
    with atomic_write(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for one in judged:
            head = [one.rater.name, one.path, one.answer.outcome]
            positions = shown_order([found.tag for found in one.suggestions], one.rater.id, one.clip)
            for found in one.suggestions:
                kept = int(found.tag in one.answer.kept) if one.answer.outcome == "judged" else ""
                position = positions.index(found.tag) + 1
                about = [found.tag, "suggested", found.rank, position, round(found.score, 4), kept]
                table.writerow([*head, *about, one.answer.changed_at])
            for tag in one.answer.added:
                table.writerow([*head, tag, "added", "", "", "", "", one.answer.changed_at])
            lines += len(one.suggestions) + len(one.answer.added)
    return lines
