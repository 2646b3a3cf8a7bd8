import re
from pathlib import Path

import pytest

from models.tags.suggestions import Suggestion
from training.config import Config
from training.report.assemble import write_report
from training.survey.database import Answer, Database

PICTURES = {
    "figure2_word_clouds",
    "figure4_before",
    "figure4_trained",
    "figure4_unseen",
    "figure6_examples",
    "figure7_co_use",
    "figure7_people",
    "reliability",
    "confusion_matrix",
    "learning_curve",
    "open_world",
}


@pytest.fixture
def survey(tmp_path: Path) -> Path:
    """A survey in which one rater has judged one clip."""
    with Database(tmp_path / "survey.sqlite", create=True) as database:
        (clip,) = database.register({"a": "golf/a.mp4"})
        database.suggest(clip, [Suggestion("golf", 0.5, 1.0, 1), Suggestion("tee", 0.4, 1.1, 2)])
        database.add_rater("ann")
        database.set_answer(database.raters()[0], clip, Answer("judged", ["golf"], []))
    return tmp_path / "survey.sqlite"


def test_the_whole_report_of_a_training(trained: Config, survey: Path, tmp_path: Path) -> None:
    page = write_report(tmp_path / "report", None, trained, survey=survey)
    html = page.read_text(encoding="utf-8")
    assert {path.stem for path in page.parent.glob("*.png")} == PICTURES
    assert html.count("<img ") == len(PICTURES)
    titles = re.findall("<h2>(.*)</h2>", html)
    sections = "Figure 2, Table 1, Figure 4, Figure 6, Figure 7, Reliab, Confusion, Learning, Open, In n"
    for title in sections.split(", "):
        assert any(found.startswith(title) for found in titles), title
    assert "#basketball is missing" in html
    assert "skating" in html
