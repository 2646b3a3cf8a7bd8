from pathlib import Path

import numpy as np
import pytest

from models.errors import BundleError
from models.tensor_file import Tensors, read_tensors, write_tensors

TENSORS: Tensors = {"a": np.arange(6, dtype=np.int32).reshape(2, 3), "b": np.ones(1, np.float16)}


def test_round_trip(tmp_path: Path) -> None:
    file = write_tensors(tmp_path / "some.safetensors", TENSORS)
    found = read_tensors(file, "a", "b")
    assert found.keys() == TENSORS.keys()
    for name, array in TENSORS.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_file_is_readable_by_all_users(tmp_path: Path) -> None:
    assert write_tensors(tmp_path / "some.safetensors", TENSORS).stat().st_mode & 0o044 == 0o044


def test_missing_array_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"some\.safetensors: has no array 'c'"):
        read_tensors(write_tensors(tmp_path / "some.safetensors", TENSORS), "a", "c")


def test_missing_or_damaged_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"some\.safetensors: cannot be read"):
        read_tensors(tmp_path / "some.safetensors")
    (tmp_path / "some.safetensors").write_bytes(b"\x80\x04N.")
    with pytest.raises(BundleError, match=r"some\.safetensors: cannot be read"):
        read_tensors(tmp_path / "some.safetensors")
