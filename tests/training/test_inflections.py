from pathlib import Path

import numpy as np
import pytest

from models.tags.inflections import Inflections
from models.tags.space import TagSpace
from tests.training.one_folder import all_in
from tests.training.test_corpus import build
from training.corpus import CorpusSettings
from training.inflections import common, learn_inflections


def test_inflections_differ_by_the_tags_beside_them(tmp_path: Path) -> None:
    posts = [["Dance", "show", f"a{number}"] for number in range(12)]
    posts += [["dancing", "#Club", f"b{number}"] for number in range(8)]
    posts += [["dances", "club", f"c{number}"] for number in range(2)]
    # Its stem, "dance", is not in the space, although the stem of that is.
    posts += [["danceed", "club", "show"]]
    build(tmp_path, posts)
    with (tmp_path / "posts.jsonl").open("a") as file:
        file.write('{"tags": ["dancing", "show"], "source": "left out"}\n')
    space = TagSpace.from_vectors(["danc", "show", "club"], [22, 12, 10], ["dance", "show", "club"], np.eye(3))
    space.save(tmp_path)
    settings = CorpusSettings(without_sources=("left out",))
    learn_inflections(tmp_path, all_in(tmp_path), posts=[tmp_path / "posts.jsonl"], settings=settings)
    learnt = Inflections.load(tmp_path)
    # "dances" is too rare to be shown; the others' company is the show and the club.
    assert dict(zip(learnt.tags, learnt.company.tolist(), strict=True)) == {"dance": [0, 1, 0], "dancing": [0, 0, 1]}
    assert learnt.closest(0, space.vector("club")) == ["dancing", "dance"]


@pytest.mark.parametrize(
    ("inflections", "found"),
    [
        ({"dance": 100, "dancing": 30, "dances": 29}, ["dance", "dancing"]),
        ({"dance": 100, "dancing": 29}, []),
        ({"dance": 9, "dancing": 4}, []),
        ({"dance": 1}, []),
    ],
)
def test_only_common_inflections_are_shown(inflections: dict[str, int], found: list[str]) -> None:
    assert common(inflections) == found
