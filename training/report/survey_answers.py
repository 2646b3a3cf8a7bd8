"""The answers of people in a survey."""

from collections import defaultdict
from pathlib import Path, PurePosixPath
from statistics import mean

from training.report.by_class import ClassRelevance, by_class
from training.report.page import Section
from training.survey.agreement import summarise
from training.survey.database import Database


def survey_answers(file: Path) -> Section:
    """Draw how many suggestions raters kept, by the folder of the clip as its class.

    Raises
    ------
    SurveyError
        If the file is not the database of a survey.
    """
    with Database(file) as database:
        judged = list(database.judged())
    summary = summarise(judged)
    title = "Figure 7, by people: suggestions that fit"
    if not summary.answers:
        return Section(title, [], notes=[f"Nobody has judged a clip in {file.name} yet."])
    clips: dict[tuple[str, int], list[int]] = defaultdict(list)
    for one in judged:
        if one.answer.outcome == "judged":
            clips[PurePosixPath(one.path).parent.name or "all", one.clip].append(len(one.answer.kept))
    classes: dict[str, list[list[int]]] = defaultdict(list)
    for (name, _), counts in clips.items():
        classes[name].append(counts)
    rows = [
        ClassRelevance(name, mean(map(mean, every)), mean(mean(count == 0 for count in counts) for counts in every))
        for name, every in classes.items()
    ]
    alpha = "not defined" if summary.alpha is None else f"{summary.alpha:.2f}"
    text = [
        f"{summary.answers} answers by {summary.raters} people on {summary.clips} clips, by the folder of the clips: "
        f"how many of 15 suggestions fit, and how often none did. Krippendorff's alpha: {alpha}."
    ]
    return by_class(title, text, "figure7_people", rows, [])
