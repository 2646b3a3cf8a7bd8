from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import BundleError
from models.tags.tag_vectors import TagVectors
from models.tensor_file import write_tensors
from tests.networks import as_text

TAGS = ["red", "#Green", "축구"]
VECTORS = np.eye(3, 5, dtype=np.float16)
GOOD: dict[str, Any] = {"tags": as_text(TAGS), "vectors": VECTORS, "logit_scale": np.array(100, np.float32)}


def write(folder: Path, **changes: Any) -> Path:
    tensors = {name: array for name, array in (GOOD | changes).items() if array is not None}
    return write_tensors(folder / "tags.safetensors", tensors)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    found = TagVectors.read(write(tmp_path))
    assert (found.tags, found.logit_scale) == (TAGS, 100)
    assert found.vectors.dtype == np.float32
    np.testing.assert_array_equal(found.vectors, VECTORS)


@given(st.integers(1, 5), st.sampled_from([1, 2, 1000]), st.floats(0.1, 200))
def test_probabilities_are_a_softmax_of_cosines(seed: int, count: int, scale: float) -> None:
    random = np.random.default_rng(seed)
    vectors, embedding = random.normal(size=(count, 8)), random.normal(size=8)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    embedding /= np.linalg.norm(embedding)
    found = TagVectors([""] * count, vectors.astype(np.float32), scale).probabilities(embedding.astype(np.float32))
    powers = np.exp(scale * (vectors @ embedding - 1))
    np.testing.assert_allclose(found, powers / powers.sum(), rtol=1e-3, atol=1e-7)
    assert found.dtype == np.float32
    assert found.sum() == pytest.approx(1, abs=1e-4)
    assert 0 <= found.min() <= found.max() <= 1


def test_the_vector_of_a_tag_itself_is_that_tag() -> None:
    found = TagVectors(TAGS, VECTORS.astype(np.float32), 100.0).probabilities(np.array([0, 1, 0, 0, 0], np.float32))
    np.testing.assert_allclose(found, [0, 1, 0], atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"tags": None}, "has no array 'tags'"),
        ({"logit_scale": None}, "has no array 'logit_scale'"),
        ({"tags": np.zeros(3, np.float32)}, "tags are float32, not uint8"),
        ({"tags": np.array([255], np.uint8)}, "not UTF-8"),
        ({"tags": as_text(TAGS[:2])}, r"2 tags need float16 \(2, d\)"),
        ({"vectors": VECTORS.astype(np.float32)}, "vectors are float32"),
        ({"vectors": VECTORS[0]}, "vectors are float16"),
        ({"vectors": VECTORS * np.float16(3)}, "the vector of 'red', row 0, has length 3"),
        ({"vectors": np.vstack([VECTORS[:1], 0 * VECTORS[:2]])}, "the vector of '#Green', row 1, has length 0"),
        ({"vectors": np.full((3, 5), np.nan, np.float16)}, "row 0, has length nan"),
        ({"logit_scale": np.array(-1.0)}, "not one positive number"),
        ({"logit_scale": np.array(np.nan)}, "not one positive number"),
        ({"logit_scale": np.ones(2)}, "not one positive number"),
    ],
)
def test_what_will_not_do_is_told(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(BundleError, match=r"tags\.safetensors.*" + says):
        TagVectors.read(write(tmp_path, **changes))


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "tags.npz").write_bytes(b"\x80\x04N.")
    with pytest.raises(BundleError, match="cannot be read"):
        TagVectors.read(tmp_path / "tags.npz")
