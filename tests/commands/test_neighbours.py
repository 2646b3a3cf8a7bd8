import json
from pathlib import Path

from models.bundles import Bundle
from tests.commands.conftest import Run


def test_lists_what_lies_near(bundle: Path, run: Run) -> None:
    ended = run("neighbours", "--bundle", bundle, "-k", 3, "#Dances")
    assert ended.code == 0
    answer = json.loads(ended.out)
    space = Bundle.open(bundle).tagspace()
    assert answer["tag"] == "#Dances"
    assert [found["tag"] for found in answer["neighbours"]] == [
        space.display(neighbour.stem) for neighbour in space.neighbours("dance", 3)
    ]


def test_an_unknown_tag_ends_with_1(bundle: Path, run: Run) -> None:
    ended = run("neighbours", "--bundle", bundle, "zebra")
    assert ended.code == 1
    assert ended.out == ""
    assert ended.err.startswith("tag2vec: zebra: unknown_tag: ")
