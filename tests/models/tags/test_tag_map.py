from pathlib import Path

import numpy as np
import pytest

from models.errors import BundleError
from models.tags.cooccurrence import Cooccurrence
from models.tags.space import TagSpace
from models.tags.suggestions import Suggester
from models.tags.tag_map import MAP_FILE, SIDE, TagMap

PLACES = np.array([[0, 0], [100, 10], [200, 0], [SIDE, SIDE]], np.uint16)
REGION = np.array([0, 0, 0, 1], np.uint8)
NAMES = np.array([[1, -1], [3, -1]], np.int32)
MAP = TagMap(PLACES, REGION, NAMES)


def test_a_clip_lies_among_most_of_its_tags_not_between_them_and_a_stray_one() -> None:
    assert MAP.place([0, 1, 2, 3], [0.3, 0.3, 0.1, 0.3]) == (100, 10)
    assert MAP.place([3], [0.2]) == (SIDE, SIDE)
    assert MAP.place([], []) is None
    assert MAP.place([1, 2], [0, 0]) is None


def test_regions_have_their_middle_where_most_of_their_tags_are() -> None:
    assert MAP.centres().tolist() == [[100, 0], [SIDE, SIDE]]


def test_place_of_a_vector_is_that_of_its_nearest_tag() -> None:
    stems = ["golf", "danc", "guitar", "yoga"]
    space = TagSpace.from_vectors(stems, range(4), stems, np.eye(4))
    suggester = Suggester(space, Cooccurrence.empty(4), temperature=0.05, tag_map=MAP)
    for row, (x, y) in enumerate(PLACES.tolist()):
        assert suggester.place(np.eye(4)[row]) == (x, y)
    assert Suggester(space, Cooccurrence.empty(4), temperature=0.05).place(np.eye(4)[0]) is None
    with pytest.raises(BundleError, match="places has 4"):
        Suggester(TagSpace.from_vectors(["a"], [1], ["a"], [[1]]), Cooccurrence.empty(1), temperature=1, tag_map=MAP)


def test_save_and_load(tmp_path: Path) -> None:
    MAP.save(tmp_path)
    again = TagMap.load(tmp_path)
    assert (again.places == PLACES).all()
    assert (again.region == REGION).all()
    assert (again.names == NAMES).all()


def test_inconsistent_or_damaged_files_are_refused(tmp_path: Path) -> None:
    for places, region, names in (
        (PLACES[:, :1], REGION, NAMES),
        (PLACES[:3], REGION, NAMES),
        (PLACES, REGION, NAMES[:1]),
        (PLACES, REGION, NAMES + 1),
        (PLACES.astype(np.float32), REGION, NAMES),
    ):
        with pytest.raises(BundleError, match=MAP_FILE):
            TagMap(places, region, names)  # type: ignore[arg-type]
    (tmp_path / MAP_FILE).write_bytes(b"nothing of the kind")
    with pytest.raises(BundleError, match=MAP_FILE):
        TagMap.load(tmp_path)
