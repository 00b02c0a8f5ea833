"""Scaling of rows to length one by their Gramian, and linear algebra with the resulting cosines."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.float64]

RANK = 1e-14
"""An eigenvalue of a K×K matrix of cosines below K times this is a rounding error."""


def lengths_and_cosines(gramian: Array) -> tuple[Array, Array]:
    """The rows' lengths, [K], and cosines, [K, K]; a zero row has cosine 0 with all rows, itself included."""
    lengths: Array = np.sqrt(np.maximum(gramian.diagonal(), 0))
    safe = np.where(lengths > 0, lengths, 1.0)
    cosines: Array = gramian / safe / safe[:, None]
    return lengths, cosines


def select_tasks(values: Array, rows: Sequence[int] | None) -> Array:
    """Select the values of the tasks in the batch; all if ``rows`` is None."""
    return values if rows is None else values[list(rows)]


def eigh(matrix: Array) -> tuple[Array, Array]:
    """Eigenvalues in rising order, [K], and eigenvectors as columns, [K, K], of a symmetric matrix.

    It uses torch, with the number of threads of the training. NumPy's OpenBLAS starts one thread per core, which wait
    for each other in a busy loop: on busy cores 40 rows then take tens of milliseconds instead of 0.1.
    """
    values, vectors = torch.linalg.eigh(torch.from_numpy(matrix))
    return values.numpy(), vectors.numpy()


def pseudo_solve(matrix: Array, right: Array, tolerance: float | None = None) -> Array:
    """The least-squares solution x of matrix @ x = right with the smallest norm, for a symmetric matrix.

    Args:
        matrix: [K, K] cosines or other inner products.
        right: [K].
        tolerance: Eigenvalues below this fraction of the largest count as zero; by default K times `RANK`.
    """
    values, vectors = eigh(matrix)
    tolerance = RANK * len(values) if tolerance is None else tolerance
    significant = values > tolerance * max(values[-1], 1e-300)
    basis = vectors[:, significant]
    return np.asarray(basis @ ((basis.T @ right) / values[significant]))
