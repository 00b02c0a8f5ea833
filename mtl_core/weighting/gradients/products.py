"""Sums over the columns of Jacobians, which are wide and mostly float32, without the rounding of float32."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_CHUNK = 1 << 18
"""Columns of a Jacobian turned to float64 at a time: 2 MB a row."""
_CANCELLATION = 256
"""A sum shorter than its parts together by more than this is taken in float64."""


def gramian(jacobian: Tensor) -> Tensor:
    """[K, K] float64 inner products of the rows of a [K, P] Jacobian."""
    parts = (part.double() for part in torch.split(jacobian, _CHUNK, dim=1))  # one at a time in memory
    return _sum([part @ part.mT for part in parts])


def products_of(left: Tensor, right: Tensor) -> Tensor:
    """[K, K] float64 inner products of the rows of two [K, P] Jacobians."""
    pairs = zip(torch.split(left, _CHUNK, dim=1), torch.split(right, _CHUNK, dim=1), strict=True)
    return _sum([a.double() @ b.double().mT for a, b in pairs])


def _sum(matrices: list[Tensor]) -> Tensor:
    return matrices[0] if len(matrices) == 1 else torch.stack(matrices).sum(dim=0)


def weighted_sum(factors: NDArray[np.float64], jacobian: Tensor, products: NDArray[np.float64]) -> Tensor:
    """[P] the rows times their factors, added up; in float64 where float32 would leave little but rounding.

    That is where the rows almost cancel, as close to a Pareto stationary point, and where rows are so short that their
    factors are no float32.

    Args:
        factors: [K].
        jacobian: [K, P].
        products: [K, K] inner products of the rows.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        parts = np.abs(factors) * np.sqrt(products.diagonal())
        length = np.sqrt(max(float(factors @ products @ factors), 0.0))
        exact = parts.sum() > _CANCELLATION * length or np.abs(factors).max() > torch.finfo(jacobian.dtype).max
    weights = torch.from_numpy(factors)
    if not exact or jacobian.dtype == torch.float64:
        return weights.to(jacobian) @ jacobian
    columns = torch.split(jacobian, _CHUNK, dim=1)
    return torch.cat([weights.to(part.device) @ part.double() for part in columns]).to(jacobian)
