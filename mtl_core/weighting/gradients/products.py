"""Inner products and weighted sums of the rows of Jacobians, which are wide and mostly float32, in float64."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_CHUNK = 1 << 18
"""Columns of a Jacobian converted to float64 at a time: 2 MB per row."""
_CANCELLATION = 256
"""A sum is computed in float64 if its terms together are longer than it by more than this factor."""


def gramian(jacobian: Tensor) -> Tensor:
    """[K, K] float64 inner products of the rows of a [K, P] Jacobian."""
    parts = (part.double() for part in torch.split(jacobian, _CHUNK, dim=1))  # one at a time in memory
    return _sum_matrices([part @ part.mT for part in parts])


def cross_gramian(left: Tensor, right: Tensor) -> Tensor:
    """[K, K] float64 inner products of the rows of two [K, P] Jacobians."""
    pairs = zip(torch.split(left, _CHUNK, dim=1), torch.split(right, _CHUNK, dim=1), strict=True)
    return _sum_matrices([a.double() @ b.double().mT for a, b in pairs])


def _sum_matrices(matrices: list[Tensor]) -> Tensor:
    return matrices[0] if len(matrices) == 1 else torch.stack(matrices).sum(dim=0)


def weighted_sum(factors: NDArray[np.float64], jacobian: Tensor, products: NDArray[np.float64]) -> Tensor:
    """[P] the sum of factor × row, computed in float64 where the rounding error of float32 would dominate.

    That is the case where the rows almost cancel, as close to a Pareto stationary point, and where rows are so short
    that their factors exceed the range of float32.

    Args:
        factors: [K].
        jacobian: [K, P].
        products: [K, K] inner products of the rows.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        term_lengths = np.abs(factors) * np.sqrt(products.diagonal())
        length = np.sqrt(max(float(factors @ products @ factors), 0.0))
        needs_float64 = (
            term_lengths.sum() > _CANCELLATION * length or np.abs(factors).max() > torch.finfo(jacobian.dtype).max
        )
    weights = torch.from_numpy(factors)
    if not needs_float64 or jacobian.dtype == torch.float64:
        return weights.to(jacobian) @ jacobian
    chunks = torch.split(jacobian, _CHUNK, dim=1)
    return torch.cat([weights.to(chunk.device) @ chunk.double() for chunk in chunks]).to(jacobian)
