from pathlib import Path
from typing import get_args

import pytest

from models.errors import Tag2VecError
from models.tags.kinds import NEVER, SENSITIVE, Kind, TagKinds


def test_every_kind_has_one_rule() -> None:
    kinds = TagKinds({kind: kind for kind in get_args(Kind)})
    for kind in get_args(Kind):
        rules = (kinds.never(kind), kinds.sensitive(kind), kinds.held_back(kind))
        assert rules == (kind in NEVER, kind in SENSITIVE, kind not in NEVER | SENSITIVE)
        assert sum(rules) == 1
    assert sorted(NEVER) == ["politics", "sex"]
    assert sorted(SENSITIVE) == ["alcohol", "violence"]


def test_ordinary_tags_have_no_kind() -> None:
    kinds = TagKinds({"nike": "brand"})
    assert kinds.kind("dog") is None
    assert not any(rule("dog") for rule in (kinds.never, kinds.sensitive, kinds.held_back))


def test_files_are_read_by_stem_and_the_last_line_counts(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.tsv", tmp_path / "theirs.tsv"
    ours.write_text("# what they mean\n\nbeers\talcohol\nnike\tbrand\n축구\tforeign\n", encoding="utf-8")
    theirs.write_text("#Nike\tplatform\nSwoosh Shoes\tbrand\n", encoding="utf-8")
    assert dict(TagKinds.read(ours).items()) == {"beer": "alcohol", "nike": "brand", "축구": "foreign"}
    both = TagKinds.read(ours, theirs)
    assert both.kind("nike") == "platform"
    assert both.kind("swooshsho") == "brand"
    assert both.kind("beer") == "alcohol"
    assert not TagKinds.read().items()


@pytest.mark.parametrize(
    "line", ["nike", "nike brand", "nike\tfirm", "nike\t", "\tbrand", "2016\tdate", "nike\tbrand\tx"]
)
def test_malformed_lines_are_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "kinds.tsv"
    file.write_text(f"beer\talcohol\n{line}\n", encoding="utf-8")
    with pytest.raises(Tag2VecError, match=r"kinds\.tsv, line 2: expected a tag, a tab and one of politics"):
        TagKinds.read(file)


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(Tag2VecError, match=r"kinds\.tsv: cannot be read"):
        TagKinds.read(tmp_path / "kinds.tsv")
    (tmp_path / "kinds.tsv").write_bytes(b"\xff")
    with pytest.raises(Tag2VecError, match=r"kinds\.tsv: cannot be read"):
        TagKinds.read(tmp_path / "kinds.tsv")
