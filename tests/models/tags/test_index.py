from pathlib import Path

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from models.tags.index import build_index
from models.tags.space import INDEX_FILE, TagSpace, unit

N, DIMENSIONS = 3_000, 20


def clustered(seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    centres = unit(rng.normal(size=(100, DIMENSIONS)))
    return unit(centres[rng.integers(0, 100, N)] + rng.normal(size=(N, DIMENSIONS)) * 0.1)


def make_space(vectors: NDArray[np.float32], exact_up_to: int) -> TagSpace:
    names = [f"tag{row}" for row in range(len(vectors))]
    return TagSpace(names, np.ones(N, np.int64), names, build_index(vectors, exact_up_to=exact_up_to), names[:3])


@pytest.fixture(scope="module")
def vectors() -> NDArray[np.float32]:
    return clustered()


@pytest.fixture(scope="module")
def space(vectors: NDArray[np.float32]) -> TagSpace:
    return make_space(vectors, exact_up_to=1_000)


def test_exact_up_to_a_limit(vectors: NDArray[np.float32]) -> None:
    exact, approximate = (build_index(vectors, exact_up_to=limit) for limit in (N, N - 1))
    assert isinstance(faiss.downcast_index(exact.index), faiss.IndexScalarQuantizer)
    assert isinstance(faiss.downcast_index(approximate.index), faiss.IndexIVFScalarQuantizer)


def test_exact_search_finds_all_neighbours(vectors: NDArray[np.float32]) -> None:
    space = make_space(vectors, exact_up_to=N)
    rng = np.random.default_rng(1)
    for query in unit(vectors[:100] + rng.normal(size=(100, DIMENSIONS)) * 0.05):
        distances = np.linalg.norm(vectors.astype(np.float64) - query, axis=1)
        near = space.nearest(query, 15)
        # Half precision may swap those at the same distance.
        np.testing.assert_allclose([neighbour.distance for neighbour in near], np.sort(distances)[:15], atol=5e-4)
        rows = [space.stems.index(neighbour.stem) for neighbour in near]
        np.testing.assert_allclose(distances[rows], np.sort(distances)[:15], atol=5e-4)


def test_approximate_search_finds_nearly_all_neighbours(vectors: NDArray[np.float32], space: TagSpace) -> None:
    rng = np.random.default_rng(1)
    found = 0
    for query in unit(vectors[:100] + rng.normal(size=(100, DIMENSIONS)) * 0.05):
        distances = np.linalg.norm(vectors.astype(np.float64) - query, axis=1)
        near = space.nearest(query, 15)
        assert [neighbour.distance for neighbour in near] == sorted(neighbour.distance for neighbour in near)
        for neighbour in near:
            assert neighbour.distance == pytest.approx(distances[space.stems.index(neighbour.stem)], abs=2e-3)
        found += len({neighbour.stem for neighbour in near} & {space.stems[row] for row in np.argsort(distances)[:15]})
    assert found > 0.95 * 100 * 15


def test_an_exact_index_takes_two_bytes_a_number(vectors: NDArray[np.float32], tmp_path: Path) -> None:
    make_space(vectors, exact_up_to=N).save(tmp_path)
    assert (tmp_path / INDEX_FILE).stat().st_size == pytest.approx(2 * N * 24, rel=0.01)  # padded to 24


def test_approximate_index_keeps_vectors(vectors: NDArray[np.float32], space: TagSpace) -> None:
    assert space.dimensions == DIMENSIONS
    kept = np.stack([space.vector(name) for name in space.stems])
    assert np.abs(kept - vectors).max() < 1e-3
    assert np.abs(np.linalg.norm(kept, axis=1) - 1).max() < 1e-6
    assert space.neighbours("tag7", 1)[0].stem != "tag7"


def test_approximate_search_finds_as_many_as_requested(space: TagSpace) -> None:
    assert len({neighbour.stem for neighbour in space.nearest(np.ones(DIMENSIONS), N + 5)}) == N


def test_approximate_index_can_be_saved(space: TagSpace, tmp_path: Path) -> None:
    space.save(tmp_path)
    loaded = TagSpace.load(tmp_path, ["tag1"])
    query = np.arange(DIMENSIONS)
    assert loaded.nearest(query, 15) == space.nearest(query, 15)
    assert loaded.vector("tag5").tolist() == space.vector("tag5").tolist()


def test_index_is_deterministic(vectors: NDArray[np.float32]) -> None:
    first, second = (faiss.serialize_index(build_index(vectors, exact_up_to=0)) for _ in range(2))
    assert first.tobytes() == second.tobytes()
