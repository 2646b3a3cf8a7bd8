from pathlib import Path

import pytest

from models.tags.space import TagSpace
from training.report.neighbours_table import neighbours_table
from training.report.queries import STAND_INS, find
from training.report.style import drawable
from training.report.word_clouds import QUERIES, sizes, word_clouds


def test_sizes_go_with_the_inverse_distance(space: TagSpace) -> None:
    near = space.neighbours("basketball", 5)
    found = sizes("basketbal", near)
    assert max(found, key=found.__getitem__) == "basketbal"
    assert [found[one.stem] * one.distance for one in near] == pytest.approx([1.0] * 5)


def test_missing_tags_are_replaced_and_noted(space: TagSpace) -> None:
    assert find(space, "basketball").note() is None
    assert not find(space, "#Basketballs").missing  # another inflection is the same tag
    query = find(space, "pushup")
    assert query.shown == "workout"
    assert query.note() == "#pushup is missing, for too few posts have it; #workout is shown instead."
    nothing = find(space, "kayaking")
    assert nothing.missing
    assert nothing.shown is None
    assert all(asked not in others for asked, others in STAND_INS.items())


def test_clouds_say_what_they_lack(space: TagSpace) -> None:
    section = word_clouds(space)
    assert len(section.pictures) == 1
    assert section.pictures[0].png.startswith(b"\x89PNG")
    notes = " ".join(section.notes)
    for asked in ("billiards", "pushup", "baseball", "kayaking", "breast stroke"):
        assert asked in QUERIES
        assert f"#{asked} is missing" in notes
    assert "축구" in notes
    assert not drawable("축구")
    assert drawable("été")
    assert section.pictures[0].png == word_clouds(space).pictures[0].png


def test_table_sets_words_beside_tags(space: TagSpace, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("basketball 1 0\nhockey 0.9 0.1\npush-ups 0 1\nvault 0.1 0.9\n")
    section = neighbours_table(space, words)
    rows = {row[0]: row[1:] for row in section.tables[0].rows}
    assert rows["#basketball"][0].startswith("nba, workout, gym")
    assert rows["#basketball"][1].startswith("hockey, vault")
    assert rows["#pushups"][0].startswith("missing; #workout: ")
    assert rows["#pushups"][1].startswith("vault, ")
    assert rows["#kayaking"][1] == "missing"
    without = neighbours_table(space, None)
    assert "--words" in without.notes[-1]
