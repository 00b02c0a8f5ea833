"""Conversion of values from standardized training units to the units of the target."""

from collections.abc import Callable

import torch
from torch import Tensor

from mtl_core.spec import TargetInfo


def inverse_standardization(info: TargetInfo) -> Callable[[Tensor], Tensor]:
    """Return the function from training units to the target's units.

    It computes in float64, since a float32 year would lose its fraction.
    """
    mean = torch.tensor(info.mean or (0.0,), dtype=torch.float64)
    std = torch.tensor(info.std or (1.0,), dtype=torch.float64)

    def restore(values: Tensor) -> Tensor:
        return values.double() * std.to(values.device) + mean.to(values.device)

    return restore
