import json
from pathlib import Path

import pytest

from commands.neighbours import apart, parse
from models.bundle import Bundle
from tests.commands.conftest import Run


def test_lists_what_lies_near(bundle: Path, run: Run) -> None:
    ended = run("neighbours", "--bundle", bundle, "-k", 3, "#Dances")
    assert ended.code == 0
    answer = json.loads(ended.out)
    space = Bundle.open(bundle).tagspace()
    assert answer["tag"] == "dancing"
    assert [found["rank"] for found in answer["neighbours"]] == [1, 2, 3]
    assert answer["plus"] == [{"tag": "dancing", "parts": []}]
    assert [found["tag"] for found in answer["neighbours"]] == [
        space.display(neighbour.stem) for neighbour in space.neighbours("dance", 3)
    ]


def test_adds_and_takes_away(bundle: Path, run: Run) -> None:
    answer = json.loads(run("neighbours", "--bundle", bundle, "golf", "+", "dog", "-", "tennis").out)
    assert [one["tag"] for one in answer["plus"]] == ["golf", "dogs"]
    assert [one["tag"] for one in answer["minus"]] == ["tennis"]
    assert {one["tag"] for one in answer["neighbours"]} == {"dancing", "été", "축구"}


def test_an_unknown_tag_is_answered_from_its_parts(bundle: Path, run: Run) -> None:
    answer = json.loads(run("neighbours", "--bundle", bundle, "DogDance").out)
    assert answer["plus"] == [{"tag": "dogdance", "parts": ["dogs", "dancing"]}]
    assert "#dogs and #dancing" in answer["warnings"][0]


def test_words_with_nothing_between_them_are_added(bundle: Path, run: Run) -> None:
    answer = json.loads(run("neighbours", "--bundle", bundle, "golf", "dog", "-", "tennis").out)
    assert [one["tag"] for one in answer["plus"]] == ["golf", "dogs"]
    assert answer["warnings"] == []
    assert apart(["breast stroke", "golf dog", "golf zebra"], {"breast stroke", "golf", "dog"}) == [
        "breast stroke",
        "golf",
        "dog",
        "golf zebra",
    ]


def test_what_the_operator_never_suggests_is_unknown(bundle: Path, tmp_path: Path, run: Run) -> None:
    kinds_file = tmp_path / "kinds.tsv"
    kinds_file.write_text("golf\tpolitics\ndogs\tbrand\n")
    command = ("neighbours", "--bundle", bundle, "--kinds-file", kinds_file)
    found = {one["tag"] for one in json.loads(run(*command, "tennis").out)["neighbours"]}
    assert "dogs" in found
    assert "golf" not in found
    assert "never suggested" in run(*command, "golf").err


@pytest.mark.parametrize(
    ("asked", "plus", "minus"),
    [
        ("golf", ["golf"], []),
        ("breast stroke", ["breast stroke"], []),
        ("t-shirt + c++", ["t-shirt", "c++"], []),
        ("ski + beach - snow", ["ski", "beach"], ["snow"]),
        ("- snow + ski", ["ski"], ["snow"]),
    ],
)
def test_operators_stand_between_spaces(asked: str, plus: list[str], minus: list[str]) -> None:
    assert parse(asked) == (plus, minus)


@pytest.mark.parametrize("asked", ["", "+", "golf +", "golf + - dog", "+ + golf", "- golf"])
def test_every_operator_has_a_tag_and_one_is_added(asked: str) -> None:
    with pytest.raises(ValueError, match="after every"):
        parse(asked)


@pytest.mark.parametrize(("tags", "code"), [(["zebra"], "unknown_tag"), (["golf", "-", "golf"], "invalid_request")])
def test_what_cannot_be_answered_ends_with_1(bundle: Path, run: Run, tags: list[str], code: str) -> None:
    ended = run("neighbours", "--bundle", bundle, *tags)
    assert ended.code == 1
    assert ended.out == ""
    assert ended.err.startswith(f"tag2vec: {' '.join(tags)}: {code}: ")
