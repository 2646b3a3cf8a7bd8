import numpy as np
import pytest

from models.errors import UnknownTag
from models.tags.cooccurrence import Cooccurrence
from models.tags.deny_list import DenyList
from models.tags.kinds import TagKinds
from models.tags.neighbours import Asked, neighbours
from models.tags.space import TagSpace
from models.tags.suggestions import Suggester
from tests.models.tags.test_suggestions import SPACE, SUGGESTER

# Axes: winter, water, sport, place.
NAMES = ["skiing", "snow", "swimming", "pool", "surfing"]
VECTORS = np.array([[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1], [0, 1, 0.8, 0]])
STEMS = ["ski", "snow", "swim", "pool", "surf"]
SEASONS = Suggester(
    TagSpace.from_vectors(STEMS, [9, 8, 7, 6, 5], NAMES, VECTORS), Cooccurrence.empty(5), temperature=0.1
)


def test_sums_and_differences() -> None:
    found = neighbours(SEASONS, ["skiing", "#Pools"], ["snow"], k=2)
    assert [neighbour.stem for neighbour in found.neighbours] == ["swim", "surf"]
    assert found.plus == [Asked("skiing", []), Asked("pool", [])]
    assert found.minus == [Asked("snow", [])]
    assert found.warnings == []
    assert found.neighbours[0].distance == pytest.approx(0, abs=1e-3)


def test_single_tag() -> None:
    assert neighbours(SEASONS, ["skis"], k=3).neighbours == SEASONS.space.neighbours("skiing", 3)


def test_unknown_tag_is_replaced_by_its_parts() -> None:
    found = neighbours(SEASONS, ["SnowPool"], k=5)
    assert found.plus == [Asked("snowpool", ["snow", "pool"])]
    assert found.warnings == ["#snowpool is not in the tag space; #snow and #pool were used instead."]
    assert {neighbour.stem for neighbour in found.neighbours} == {"ski", "swim", "surf"}


@pytest.mark.parametrize("plus", [["zebra"], ["skiing", "zebra"], [""]])
def test_unknown_tags(plus: list[str]) -> None:
    with pytest.raises(UnknownTag):
        neighbours(SEASONS, plus)


def test_tags_that_cancel_out() -> None:
    with pytest.raises(ValueError, match="cancel out"):
        neighbours(SEASONS, ["skiing"], ["Ski"])


def test_denied_tags_are_neither_found_nor_known() -> None:
    found = neighbours(SUGGESTER, ["golf"], k=50)
    assert not [one for one in found.neighbours if SPACE.display(one.stem).endswith(("girl", "fan"))]
    with pytest.raises(UnknownTag):
        neighbours(SUGGESTER, ["golfgirl"])
    operator = Suggester(SPACE, Cooccurrence.empty(len(SPACE)), denied=[DenyList(["golf"])], temperature=0.1)
    with pytest.raises(UnknownTag):
        neighbours(operator, ["golfing"])


def test_of_all_kinds_only_those_never_suggested_are_kept_out() -> None:
    kinds = TagKinds({"snow": "politics", "pool": "brand", "swim": "alcohol"})
    held = Suggester(SEASONS.space, Cooccurrence.empty(5), temperature=0.1, kinds=kinds)
    assert {one.stem for one in neighbours(held, ["ski"]).neighbours} == {"swim", "pool", "surf"}
    assert neighbours(held, ["pool"]).neighbours
    with pytest.raises(UnknownTag, match="never suggested"):
        neighbours(held, ["snow"])
