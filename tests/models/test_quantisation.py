import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.quantisation import pack, quantise, rounded, unpack

BITS = st.sampled_from([1, 2, 4])


@pytest.mark.parametrize(("bits", "error"), [(1, 0.3634), (2, 0.1188), (3, 0.03744), (4, 0.01154)])
def test_a_normal_distribution_is_quantised_as_well_as_is_possible(bits: int, error: float) -> None:
    # The least squared errors of evenly spaced levels: Max, "Quantizing for minimum distortion" (1960), table II.
    rows = np.random.default_rng(0).normal(size=(2, 100_000)).astype(np.float32) * np.array([[1e-3], [7]], np.float32)
    levels, scale = quantise(rows, bits)
    left = np.square(levels * scale[:, None] - rows).mean(axis=1) / np.square(rows).mean(axis=1)
    assert (left < 1.03 * error).all()
    assert np.unique(levels).tolist() == list(range(1 - 2**bits, 2**bits, 2))


@given(arrays(np.float32, (3, 7), elements=st.floats(-100, 100, width=32)), st.integers(1, 7))
def test_any_rows_are_quantised(rows: np.ndarray, bits: int) -> None:
    levels, scale = quantise(rows, bits)
    assert levels.dtype == np.int8
    assert scale.dtype == np.float32
    assert np.isfinite(scale).all()
    assert np.isin(levels, np.arange(1 - 2**bits, 2**bits, 2)).all()
    left = np.square(levels * scale[:, None].astype(np.float64) - rows).sum(axis=1)
    assert (left <= np.square(rows, dtype=np.float64).sum(axis=1) * (1 + 1e-5) + 1e-12).all()


@given(st.sampled_from([1, 2, 3, 4]), st.integers(0, 3))
def test_what_is_quantised_already_is_reproduced(bits: int, seed: int) -> None:
    rows = np.random.default_rng(seed).normal(size=(4, 500)).astype(np.float32)
    levels, scale = quantise(rows, bits)
    again, same = quantise(levels * scale[:, None], bits)
    np.testing.assert_array_equal(again, levels)
    np.testing.assert_allclose(same, scale, rtol=1e-6)


def test_each_row_has_its_own_scale() -> None:
    row = np.random.default_rng(0).normal(size=500).astype(np.float32)
    levels, scale = quantise(np.stack([row, 1000 * row]), 2)
    np.testing.assert_array_equal(*levels)
    assert scale[1] == pytest.approx(1000 * scale[0])


@given(BITS, st.integers(0, 9), st.integers(0, 5), st.integers(0, 3))
def test_what_is_packed_is_unpacked(bits: int, n: int, dimensions: int, seed: int) -> None:
    levels = 2 * np.random.default_rng(seed).integers(0, 2**bits, (n, dimensions), np.int8) - np.int8(2**bits - 1)
    packed = pack(levels, bits)
    assert packed.dtype == np.uint8
    assert packed.shape == (-(-n * bits // 8), dimensions)
    np.testing.assert_array_equal(unpack(packed, bits, n), levels, strict=True)


def test_the_first_row_is_in_the_lowest_bits() -> None:
    assert pack(np.array([[-3], [-1], [1], [3], [3]], np.int8), 2).tolist() == [[0b11_10_01_00], [0b11]]


@given(arrays(np.float32, 9, elements=st.floats(-1000, 1000, width=32)), st.integers(1, 11))
def test_rounding_keeps_the_first_digits(numbers: np.ndarray, digits: int) -> None:
    found = rounded(numbers, digits)
    # Of numbers below the normal ones of half precision, fewer digits are left.
    np.testing.assert_allclose(found, numbers, rtol=2.0**-digits, atol=2.0**-25)
    np.testing.assert_array_equal(rounded(found, digits), found, strict=True)
    bits = found.astype(np.float16).view(np.uint16)
    np.testing.assert_array_equal(found.astype(np.float16).astype(np.float32), found)
    normal = np.abs(found) >= 2.0**-14
    assert not (bits[normal] & (2 ** (11 - digits) - 1)).any()


def test_rounded_numbers_compress() -> None:
    numbers = np.random.default_rng(0).normal(0, 0.05, 100_000).astype(np.float32)
    sizes = {digits: len(zlib.compress(rounded(numbers, digits).astype(np.float16).tobytes())) for digits in (11, 6)}
    assert sizes[6] < 0.75 * sizes[11]
