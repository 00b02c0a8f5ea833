"""Rows of any length brought to length one, before a solver sees them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

RANK = 1e-14
"""An eigenvalue of K cosines below K times this is a rounding error."""


def split_lengths(gramian: Array) -> tuple[Array, Array]:
    """The rows' lengths, [K], and their cosines, [K, K]; a row of length 0 has cosine 0 with all, itself included."""
    lengths: Array = np.sqrt(np.maximum(gramian.diagonal(), 0))
    safe = np.where(lengths > 0, lengths, 1.0)
    cosines: Array = gramian / safe / safe[:, None]
    return lengths, cosines


def chosen(values: Array, rows: Sequence[int] | None) -> Array:
    """The values of the tasks that are in the batch."""
    return values if rows is None else values[list(rows)]


def pseudo_solve(matrix: Array, right: Array) -> Array:
    """The shortest x that brings matrix @ x nearest to ``right``, for a symmetric matrix of cosines."""
    values, vectors = np.linalg.eigh(matrix)
    kept = values > RANK * len(values) * max(values[-1], 1e-300)
    basis = vectors[:, kept]
    return np.asarray(basis @ ((basis.T @ right) / values[kept]))
