import stat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from safetensors.numpy import save

from models.errors import BundleError
from models.tags.cooccurrence import COOCCURRENCE_FILE, Cooccurrence

STEMS = 6


def of_matrix(matrix: np.ndarray) -> Cooccurrence:
    rows = [np.flatnonzero(row) for row in matrix]
    starts = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    return Cooccurrence(starts, np.concatenate(rows).astype(np.int32), matrix[matrix > 0].astype(np.float16))


MATRICES = arrays(np.float64, (STEMS, STEMS), elements=st.sampled_from([0, 0, 0.25, 0.5, 1])).map(
    lambda matrix: matrix * (1 - np.eye(STEMS))
)


@given(MATRICES, st.lists(st.tuples(st.integers(0, STEMS - 1), st.floats(0, 1)), unique_by=lambda pair: pair[0]))
def test_expected_relevance_is_a_weighted_sum_of_rows(matrix: np.ndarray, anchors: list[tuple[int, float]]) -> None:
    weights = np.zeros(STEMS)
    for stem, weight in anchors:
        weights[stem] = weight
    stems, relevance = of_matrix(matrix).expected([stem for stem, _ in anchors], [weight for _, weight in anchors])
    assert (np.diff(stems) > 0).all()
    dense = np.zeros(STEMS)
    dense[stems] = relevance
    np.testing.assert_allclose(dense, weights @ (matrix + np.eye(STEMS)), atol=1e-12)


@given(MATRICES)
def test_save_and_load(tmp_path_factory: pytest.TempPathFactory, matrix: np.ndarray) -> None:
    folder = tmp_path_factory.getbasetemp()
    path = of_matrix(matrix).save(folder)
    again = Cooccurrence.load(folder)
    assert path.name == COOCCURRENCE_FILE
    assert stat.S_IMODE(path.stat().st_mode) & 0o044
    assert len(again) == STEMS
    for stem in range(STEMS):
        companions, relevance = again.row(stem)
        assert companions.tolist() == np.flatnonzero(matrix[stem]).tolist()
        assert relevance.tolist() == matrix[stem][matrix[stem] > 0].tolist()


@pytest.mark.parametrize(("stems", "width"), [(200, 1), (60_000, 2), (70_000, 4)])
def test_numbers_take_as_many_bytes_as_they_need(tmp_path: Path, stems: int, width: int) -> None:
    entries = 5_000
    random = np.random.default_rng(0)
    starts = np.minimum(np.arange(stems + 1) * 30, entries)
    companions = np.sort(random.integers(0, stems, entries)).astype(np.int32)
    companions[-1] = stems - 1
    whole = Cooccurrence(starts, companions, random.random(entries).astype(np.float16))
    path = whole.save(tmp_path)
    assert path.stat().st_size == pytest.approx(2 * (stems + 1) + (width + 2) * entries, abs=300)
    again = Cooccurrence.load(tmp_path)
    for one in (whole, again):
        found, relevance = one.expected([0, 7, 3], [0.5, 0.25, 0.25])
        assert found.dtype == np.int64
        np.testing.assert_array_equal(found, whole.expected([0, 7, 3], [0.5, 0.25, 0.25])[0])
        np.testing.assert_array_equal(relevance, whole.expected([0, 7, 3], [0.5, 0.25, 0.25])[1])


def test_empty() -> None:
    none = Cooccurrence.empty(3)
    assert len(none) == 3
    stems, relevance = none.expected([2, 0], [0.25, 0.75])
    assert (stems.tolist(), relevance.tolist()) == ([0, 2], [0.75, 0.25])


@pytest.mark.parametrize(
    "change",
    [
        {"starts": np.array([0, 1, 3])},
        {"starts": np.array([1, 2, 2])},
        {"starts": np.array([0, 2, 1, 2])},
        {"starts": np.array([0.0, 1.0, 2.0])},
        {"starts": np.array([0, 2, 1, 2], np.uint8)},
        {"companions": np.array([1, 2], np.int32)},
        {"companions": np.array([-1, 0], np.int32)},
        {"companions": np.array([1.0, 0.0])},
        {"relevance": np.array([0.5, 1.5], np.float16)},
        {"relevance": np.array([0.5, np.nan], np.float16)},
        {"relevance": np.array([0.5], np.float16)},
        {"relevance": None},
    ],
)
def test_inconsistent_arrays_are_refused(tmp_path: Path, change: dict[str, np.ndarray | None]) -> None:
    whole = {"starts": np.array([0, 1, 2]), "companions": np.array([1, 0], np.int32)}
    whole["relevance"] = np.array([0.5, 0.5], np.float16)
    tensors = {name: array for name, array in (whole | change).items() if array is not None}
    (tmp_path / COOCCURRENCE_FILE).write_bytes(save(tensors))
    with pytest.raises(BundleError, match=COOCCURRENCE_FILE):
        Cooccurrence.load(tmp_path)


def test_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=COOCCURRENCE_FILE):
        Cooccurrence.load(tmp_path)
    (tmp_path / COOCCURRENCE_FILE).write_bytes(b"nothing of the kind")
    with pytest.raises(BundleError, match=COOCCURRENCE_FILE):
        Cooccurrence.load(tmp_path)
