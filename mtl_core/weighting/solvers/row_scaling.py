"""Rows of any length brought to length one, before a solver sees them."""

from collections.abc import Sequence

import numpy as np
import torch
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


def eigen(matrix: Array) -> tuple[Array, Array]:
    """Eigenvalues in rising order, [K], and eigenvectors as columns, [K, K], of a symmetric matrix.

    By torch, in as many threads as the training has. NumPy's OpenBLAS starts one for each core, which wait in a busy
    loop for each other: on cores with other work 40 rows then take tens of milliseconds, against 0.1.
    """
    values, vectors = torch.linalg.eigh(torch.from_numpy(matrix))
    return values.numpy(), vectors.numpy()


def pseudo_solve(matrix: Array, right: Array, cut: float | None = None) -> Array:
    """The shortest x that brings matrix @ x nearest to ``right``, for a symmetric matrix.

    Args:
        matrix: [K, K] of cosines, or other products.
        right: [K].
        cut: An eigenvalue below this share of the largest counts as zero; K times `RANK` unless given.
    """
    values, vectors = eigen(matrix)
    cut = RANK * len(values) if cut is None else cut
    kept = values > cut * max(values[-1], 1e-300)
    basis = vectors[:, kept]
    return np.asarray(basis @ ((basis.T @ right) / values[kept]))
