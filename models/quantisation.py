"""Quantisation: uniform, in a few bits a number, packed into bytes; and of floating-point numbers to fewer digits."""

import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.int8]

WIDEST, SCALES = 4.0, 20
"""Scales are tried at even distances, up to that with the outermost level at so many root mean squares of the row."""

SMALLEST = 1e-30
"""Root mean square below which a row is as good as zero."""


def quantise(rows: NDArray[np.float32], bits: int) -> tuple[Levels, NDArray[np.float32]]:
    """Approximate each row by evenly spaced levels times a scale, with a small squared error.

    Numbers beyond the outermost levels are cut. If most are small, as those of a normal distribution are, finer levels
    gain more than this loses (Max, "Quantizing for minimum distortion", IRE Transactions on Information Theory, 1960).

    Rows that are levels times a scale already are reproduced.

    Parameters
    ----------
    rows : float32 (n, dimensions)
    bits : int
        1 to 7.

    Returns
    -------
    levels : int8 (n, dimensions)
        Odd numbers from -(2 ** bits - 1) to 2 ** bits - 1.
    scale : float32 (n,)
    """
    levels, scale = np.empty(rows.shape, np.int8), np.empty(len(rows), np.float32)
    for place, row in enumerate(rows):
        size = max(float(np.sqrt(np.mean(np.square(row, dtype=np.float64)))), SMALLEST)
        tried = np.float32(WIDEST * size / (2**bits - 1) / SCALES) * np.arange(1, SCALES + 1, dtype=np.float32)
        errors = [np.square(_levels(row, one, bits) * one - row).sum() for one in tried]
        levels[place] = _levels(row, tried[np.argmin(errors)], bits)
        best = levels[place].astype(np.float64)
        scale[place] = max(row @ best / (best @ best), SMALLEST)
    return levels, scale


def _levels(row: NDArray[np.float32], scale: np.float32, bits: int) -> NDArray[np.float32]:
    """Return the odd numbers nearest to a row divided by its scale."""
    most = 2**bits - 1
    nearest: NDArray[np.float32] = (2 * np.floor(row / (2 * scale)) + 1).clip(-most, most)
    return nearest


def pack(levels: Levels, bits: int) -> NDArray[np.uint8]:
    """Pack the levels of several rows into each byte, the first row into its lowest bits.

    Parameters
    ----------
    levels : int8 (n, dimensions)
        As `quantise` returns.
    bits : int
        1, 2 or 4.

    Returns
    -------
    uint8 (ceil(n * bits / 8), dimensions)
    """
    together = 8 // bits
    codes = ((levels + (2**bits - 1)) // 2).astype(np.uint8)
    packed = np.zeros((-(-len(levels) // together), levels.shape[1]), np.uint8)
    for place in range(together):
        part = codes[place::together]
        packed[: len(part)] |= part << (place * bits)
    return packed


def unpack(packed: NDArray[np.uint8], bits: int, n: int) -> Levels:
    """Return the levels, int8 (n, dimensions), that `pack` was given."""
    together = 8 // bits
    levels = np.empty((len(packed), together, packed.shape[1]), np.int8)
    for place in range(together):
        codes = (packed >> (place * bits)) & (2**bits - 1)
        levels[:, place] = 2 * codes.astype(np.int8) - (2**bits - 1)
    return levels.reshape(len(packed) * together, packed.shape[1])[:n]


def rounded(numbers: NDArray[np.float32], digits: int) -> NDArray[np.float32]:
    """Round to numbers of half precision with so many binary digits, at most 11; those that are left zero compress.

    Parameters
    ----------
    numbers : float32 (...)
        Of a magnitude below 65,504.
    digits : int
        Significant ones: the relative error is at most 2 ** -digits.
    """
    significand, exponent = np.frexp(numbers)
    shortened: NDArray[np.float32] = np.ldexp(np.rint(np.ldexp(significand, digits)), exponent - digits)
    return shortened.astype(np.float16).astype(np.float32)
