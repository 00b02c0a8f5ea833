"""Conversion of values between training units, which are standardized and may be transformed, and the target's."""

from collections.abc import Callable

import torch
from torch import Tensor

from mtl_core.spec import TargetInfo
from mtl_core.tasks.targets.transforms import inverse_transform_values, transform_values


def inverse_standardization(info: TargetInfo) -> Callable[[Tensor], Tensor]:
    """Return the function from training units to the target's units.

    It computes in float64, since a float32 year would lose its fraction.
    """
    mean = torch.tensor(info.mean or (0.0,), dtype=torch.float64)
    std = torch.tensor(info.std or (1.0,), dtype=torch.float64)

    def restore(values: Tensor) -> Tensor:
        return inverse_transform_values(info, values.double() * std.to(values.device) + mean.to(values.device))

    return restore


def standardization(info: TargetInfo) -> Callable[[Tensor], Tensor]:
    """Return the function from the target's units to training units, in float64."""
    mean = torch.tensor(info.mean or (0.0,), dtype=torch.float64)
    std = torch.tensor(info.std or (1.0,), dtype=torch.float64)

    def standardize(values: Tensor) -> Tensor:
        return (transform_values(info, values.double()) - mean.to(values.device)) / std.to(values.device)

    return standardize
