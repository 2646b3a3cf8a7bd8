import itertools
import json
from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.errors import BundleError, UnknownTag
from models.tags.space import INDEX_FILE, TAGS_FILE, TagSpace, unit

WORDS = ["dancing", "breaststroke", "beautiful", "dogs", "été", "축구", "ballislife", "ran", "golf", "tennis"]
STEMS = ["danc", "breaststrok", "beauti", "dog", "été", "축구", "ballislif", "ran", "golf", "tenni"]


def make_space(seed: int = 0, dimensions: int = 8) -> TagSpace:
    vectors = np.random.default_rng(seed).normal(size=(len(STEMS), dimensions))
    return TagSpace.from_vectors(STEMS, range(len(STEMS), 0, -1), WORDS, vectors, ["golf", "tenni"])


VECTORS = arrays(np.float64, 8, elements=st.floats(allow_nan=False, allow_infinity=False))


@given(
    arrays(
        np.float64, st.tuples(st.integers(1, 4), st.just(5)), elements=st.floats(allow_nan=False, allow_infinity=False)
    )
)
def test_unit_keeps_directions(matrix: np.ndarray) -> None:
    rows = unit(matrix)
    lengths = np.linalg.norm(rows, axis=1)
    zero = ~matrix.any(axis=1)
    assert np.allclose(lengths, np.where(zero, 0.0, 1.0), atol=1e-5)
    assert np.all((rows == 0) | (np.sign(rows) == np.sign(matrix)))


@given(VECTORS, st.integers(1, 20), st.integers(0, 3))
def test_nearest_equals_brute_force(vector: np.ndarray, k: int, seed: int) -> None:
    space = make_space(seed)
    vectors = np.stack([space.vector(name) for name in STEMS]).astype(np.float64)
    distances = np.linalg.norm(vectors - unit(vector), axis=1)
    found = space.nearest(vector, k)
    assert len(found) == min(k, len(STEMS)) == len({n.stem for n in found})
    assert np.allclose([n.distance for n in found], np.sort(distances)[: len(found)], atol=1e-3)
    assert np.allclose([distances[STEMS.index(n.stem)] for n in found], [n.distance for n in found], atol=1e-3)
    assert all(a.distance <= b.distance for a, b in itertools.pairwise(found))
    nearest = next(iter(space.hashtag_distances(vector)), None)
    assert nearest is not None
    assert nearest.stem in ("golf", "tenni")
    assert nearest.distance == pytest.approx(min(distances[-2:]), abs=1e-5)


@pytest.mark.parametrize(
    ("typed", "name"),
    [("#Beautiful", "beauti"), ("breast stroke", "breaststrok"), ("DANCES", "danc"), ("축구!", "축구")],
)
def test_neighbours_of_a_tag_as_typed(typed: str, name: str) -> None:
    space = make_space()
    assert typed in space
    neighbours = space.neighbours(typed, 4)
    assert [n for n in space.nearest(space.vector(name), 5) if n.stem != name] == neighbours
    assert len(neighbours) == 4


@given(st.lists(st.integers(0, len(STEMS) - 1), max_size=6))
def test_vectors_of_rows(rows: list[int]) -> None:
    space = make_space()
    vectors = space.vectors(rows)
    assert vectors.shape == (len(rows), 8)
    assert vectors.dtype == np.float32
    for vector, row in zip(vectors, rows, strict=True):
        np.testing.assert_array_equal(vector, space.vector(STEMS[row]))


def test_tag_with_the_same_vector_is_a_neighbour() -> None:
    space = TagSpace.from_vectors(["a", "b"], [2, 1], ["a", "b"], [[1, 0], [1, 0]])
    assert [n.stem for n in space.neighbours("b", 5)] == ["a"]
    assert space.hashtag_distances([1, 0]) == []


@pytest.mark.parametrize("tag", ["", "❤️", "unheardof"])
def test_unknown_tags(tag: str) -> None:
    space = make_space()
    assert tag not in space
    with pytest.raises(UnknownTag):
        space.neighbours(tag, 3)


@pytest.mark.parametrize("vector", [np.zeros(7), np.full(8, np.nan), np.zeros((1, 8)), [np.inf] * 8])
def test_malformed_vectors_are_refused(vector: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"finite|dimensions"):
        make_space().nearest(vector, 3)


def test_search_restores_the_number_of_threads() -> None:
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(3)
    make_space().nearest(np.ones(8), 3)
    after = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(before)
    assert after == 3


def test_save_and_load(tmp_path: Path) -> None:
    space = make_space()
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    assert [path.name for path in space.save(first)] == [TAGS_FILE, INDEX_FILE]
    loaded = TagSpace.load(first, ["golf", "tenni"])
    assert list(loaded.stems) == STEMS
    assert list(loaded.displays) == WORDS
    assert loaded.counts.tolist() == list(range(10, 0, -1))
    assert [loaded.display(name) for name in STEMS] == WORDS
    query = np.arange(8.0)
    assert loaded.nearest(query, 10) == space.nearest(query, 10)
    loaded.save(second)
    for name in (TAGS_FILE, INDEX_FILE):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def damage(folder: Path, what: str) -> None:
    index: faiss.Index
    tags = json.loads((folder / TAGS_FILE).read_text(encoding="utf-8"))
    match what:
        case "no tags":
            (folder / TAGS_FILE).unlink()
        case "no index":
            (folder / INDEX_FILE).unlink()
        case "tags cut":
            (folder / TAGS_FILE).write_bytes((folder / TAGS_FILE).read_bytes()[:50])
        case "index cut":
            (folder / INDEX_FILE).write_bytes((folder / INDEX_FILE).read_bytes()[:50])
        case "not unit":
            index = faiss.IndexFlatL2(8)
            index.add(np.full((len(STEMS), 8), 2.0, np.float32))
            faiss.write_index(index, str(folder / INDEX_FILE))
        case "inner product":
            index = faiss.IndexFlatIP(8)
            index.add(np.eye(len(STEMS), 8, dtype=np.float32))
            faiss.write_index(index, str(folder / INDEX_FILE))
        case "a list":
            (folder / TAGS_FILE).write_text(json.dumps(tags["stems"]), encoding="utf-8")
        case "fewer stems":
            tags["stems"].pop()
        case "a stem twice":
            tags["stems"][0] = tags["stems"][1]
        case "a display twice":
            tags["displays"][0] = tags["displays"][1]
        case "fewer counts":
            tags["counts"].pop()
        case "a count that is none":
            tags["counts"][0] = 1.5
        case "a stem that is none":
            tags["stems"][0] = 7
    if what.startswith(("fewer", "a stem", "a display", "a count")):
        (folder / TAGS_FILE).write_text(json.dumps(tags), encoding="utf-8")


@pytest.mark.parametrize(
    "what",
    ["no tags", "no index", "tags cut", "index cut", "not unit", "inner product", "a list", "fewer stems",
     "a stem twice", "a display twice", "fewer counts", "a count that is none", "a stem that is none"],
)  # fmt: skip
def test_damaged_files_are_named(tmp_path: Path, what: str) -> None:
    make_space().save(tmp_path)
    damage(tmp_path, what)
    with pytest.raises(BundleError):
        TagSpace.load(tmp_path)


def test_hashtags_without_a_vector_are_named(tmp_path: Path) -> None:
    make_space().save(tmp_path)
    with pytest.raises(BundleError, match="billiard"):
        TagSpace.load(tmp_path, ["golf", "billiard"])


def test_zero_vector_is_refused() -> None:
    with pytest.raises(BundleError, match="zeros"):
        TagSpace.from_vectors(["a", "b"], [1, 1], ["a", "b"], [[1, 0], [0, 0]])
