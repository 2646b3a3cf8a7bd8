import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.bundle import SHIPPED, Bundle
from tests.training.survey.conftest import TAGS, encoded
from training.survey.database import Answer, Database, SurveyError


def test_answers_survive_and_the_last_one_counts(database: Database, tmp_path: Path) -> None:
    ann, bob = database.raters()
    database.set_answer(ann, 1, Answer(None, ["golf"], []))
    database.set_answer(ann, 1, Answer("judged", ["golf", "été"], ["putt"]))
    database.set_answer(ann, 2, Answer("skipped", [], []))
    database.set_answer(bob, 1, Answer(None, ["tennis"], []))
    # Another connection sees all of it although nothing was closed: that is what a killed server leaves behind.
    with Database(tmp_path / "survey.sqlite") as other:
        assert other.outcomes(ann) == {1: "judged", 2: "skipped"}
        assert other.outcomes(bob) == {}
        kept = other.answer(ann, 1)
        assert (kept.outcome, kept.kept, kept.added) == ("judged", ["golf", "été"], ["putt"])
        assert other.answer(bob, 1).kept == ["tennis"]
        assert other.answer(bob, 3) == Answer(kept=[], added=[])
        assert [(one.rater.name, one.clip, one.path) for one in other.judged()] == [
            ("ann", 1, "a.mp4"),
            ("ann", 2, "b.mp4"),
        ]
        assert [found.tag for found in next(other.judged()).suggestions] == TAGS


def test_encodings_come_back_as_they_were(database: Database) -> None:
    assert list(database.encoded_only()) == []
    (number,) = set(database.register({"d": "d.avi", "a": "moved.mp4"})) - {1}
    assert database.unprepared() == {number}
    wanted = encoded(np.pi)
    database.prepared(number, wanted, copied=True)
    ((found, back),) = database.encoded_only()
    assert found == number
    np.testing.assert_array_equal(back.fisher, wanted.fisher)
    np.testing.assert_array_equal(back.appearance.features, wanted.appearance.features)
    np.testing.assert_array_equal(back.appearance.probabilities, wanted.appearance.probabilities)
    assert replace(back, fisher=wanted.fisher, appearance=wanted.appearance) == wanted
    assert database.copied() == {number}
    assert database.ready() == {1, 2, 3}


def test_another_model_is_refused_once_somebody_has_answered(database: Database) -> None:
    shipped = Bundle.open(SHIPPED)
    other = replace(shipped, sha256="0" * 64)
    database.use(other)
    assert database.ready() == set()
    assert len(list(database.encoded_only())) == 3  # the same vocabulary: nothing is encoded anew
    database.set_answer(database.raters()[0], 1, Answer("judged"))
    database.use(other)
    with pytest.raises(SurveyError, match="another file"):
        database.use(shipped)


def test_raters_keep_their_tokens(database: Database) -> None:
    before = database.raters()
    database.add_rater("ann")
    assert database.raters() == before
    assert len({rater.token for rater in before}) == 2
    assert database.rater(before[1].token) == before[1]
    assert database.rater("") is None


def test_the_file_is_for_its_owner_alone(database: Database, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "survey.sqlite").stat().st_mode) == 0o600


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SurveyError, match="no survey"):
        Database(tmp_path / "absent.sqlite")
    (tmp_path / "text").write_text("not a database, but longer than the header of one would be" * 20)
    with pytest.raises(SurveyError, match="cannot be used"):
        Database(tmp_path / "text")
    with sqlite3.connect(tmp_path / "other.sqlite") as other:
        other.execute("CREATE TABLE something (x)")
    other.close()
    with pytest.raises(SurveyError, match="but not of a survey"):
        Database(tmp_path / "other.sqlite")
