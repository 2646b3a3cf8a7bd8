from pathlib import Path

import numpy as np
import pytest

from models.errors import BundleError
from models.tags.cooccurrence import Cooccurrence
from models.tags.deny_list import DenyList
from models.tags.inflections import INFLECTIONS_FILE, Inflections
from models.tags.neighbours import neighbours
from models.tags.space import TagSpace
from models.tags.suggestions import Suggester

SPACE = TagSpace.from_vectors(["danc", "show", "club"], [9, 5, 5], ["dance", "show", "club"], np.eye(3))
COMPANY = np.array([[0, 1, 0], [0, 0, 1]], np.float16)
INFLECTIONS = Inflections(np.array([0, 0], np.int32), ["dance", "dancing"], COMPANY)


def test_inflection_with_the_closest_context_is_shown() -> None:
    suggester = Suggester(SPACE, Cooccurrence.empty(3), temperature=0.1, inflections=INFLECTIONS)
    for vector, shown in (([1, 0.5, 0.1], "dance"), ([1, 0.1, 0.5], "dancing")):
        assert suggester.suggest(vector)[0].tag == shown
    assert neighbours(suggester, ["club"]).shown == ["dancing", "show"]
    assert neighbours(suggester, ["shows"]).shown == ["dance", "club"]


def test_denied_inflections_are_never_shown() -> None:
    vector = [1, 0.1, 0.5]
    assert Suggester(SPACE, Cooccurrence.empty(3), temperature=0.1).suggest(vector)[0].tag == "dance"
    denied = [DenyList(["*dancing"])]
    suggester = Suggester(SPACE, Cooccurrence.empty(3), temperature=0.1, inflections=INFLECTIONS, denied=denied)
    assert suggester.suggest(vector)[0].tag == "dance"


def test_save_and_load(tmp_path: Path) -> None:
    for tags in (["dance", "été"], []):
        saved = Inflections(np.zeros(len(tags), np.int32), tags, COMPANY[: len(tags)])
        saved.save(tmp_path)
        again = Inflections.load(tmp_path)
        assert again.tags == tags
        assert again.closest(0, [0, 0, 1]) == tags[::-1]
        assert again.closest(1, [0, 0, 1]) == []


def test_inconsistent_or_damaged_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=INFLECTIONS_FILE):
        Inflections(np.zeros(1, np.int32), ["a", "b"], COMPANY)
    (tmp_path / INFLECTIONS_FILE).write_bytes(b"nothing of the kind")
    with pytest.raises(BundleError, match=INFLECTIONS_FILE):
        Inflections.load(tmp_path)
