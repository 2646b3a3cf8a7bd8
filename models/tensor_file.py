"""Safetensors files, which store the arrays of a bundle and cannot contain code."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from models.errors import BundleError

Tensors = dict[str, NDArray[Any]]


def write_tensors(file: Path, tensors: Mapping[str, NDArray[Any]]) -> Path:
    """Write arrays by name to a file; return its path."""
    # save_file creates files that only their owner can read, but a service may run as another user.
    file.write_bytes(save(dict(tensors)))
    return file


def narrowed(numbers: NDArray[np.integer]) -> NDArray[np.unsignedinteger]:
    """Return whole numbers, none of them negative, in the smallest dtype that holds them all."""
    return numbers.astype(np.min_scalar_type(numbers.max(initial=0)))


def read_tensors(file: Path, *names: str) -> Tensors:
    """Return the arrays of a file by name.

    Raises
    ------
    BundleError
        If the file is missing or damaged, or lacks one of the arrays in `names`.
    """
    try:
        tensors: Tensors = load_file(file)
    except (OSError, SafetensorError) as error:
        raise BundleError(f"{file}: cannot be read: {error}. Fetch or train the bundle again.") from error
    if missing := [name for name in names if name not in tensors]:
        raise BundleError(f"{file}: has no array {', '.join(map(repr, missing))}. Fetch or train the bundle again.")
    return tensors
