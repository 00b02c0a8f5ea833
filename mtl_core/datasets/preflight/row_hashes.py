"""Hashes of rows, by which equal rows are found without comparing all of them."""

import numpy as np
from numpy.typing import NDArray

from mtl_core.tabular.column import Column

Hashes = NDArray[np.uint64]

_LARGEST = 2**28
"""Bytes of pictures beyond which they are not hashed."""
_FACTORS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))
_MISSING = np.uint64(0x7FF8000000000000)


def column_bits(column: Column) -> Hashes:
    """Equal numbers for equal cells of a column, ``[N]``; missing cells are equal."""
    if column.type != "numeric":
        return (column.text + 1).astype(np.uint64)
    bits = (column.numbers + 0.0).view(np.uint64)  # the sum makes -0 and 0 equal
    return np.where(column.present, bits, _MISSING)


def mix(bits: Hashes, place: int) -> Hashes:
    """Hashes of numbers at some place of a row (splitmix64), which are added up to the hash of the row."""
    with np.errstate(over="ignore"):
        mixed = bits + _FACTORS[0] * np.uint64(place + 1)
        for factor, shift in zip(_FACTORS[1:], _SHIFTS[:2], strict=True):
            mixed = (mixed ^ (mixed >> shift)) * factor
        return np.asarray(mixed ^ (mixed >> _SHIFTS[2]), np.uint64)


def picture_bits(pictures: NDArray[np.uint8]) -> Hashes | None:
    """A hash of each of some pictures ``[N, …]``; None where they are too large."""
    if pictures.nbytes > _LARGEST:
        return None
    flat = np.ascontiguousarray(pictures).reshape(len(pictures), -1)
    padded = np.zeros((len(flat), -(-flat.shape[1] // 8) * 8), np.uint8)
    padded[:, : flat.shape[1]] = flat
    hashes = np.zeros(len(flat), np.uint64)
    for place, word in enumerate(padded.view(np.uint64).T):
        hashes += mix(word, place)
    return hashes
