"""Training units and the target's own."""

from collections.abc import Callable

import torch
from torch import Tensor

from mtl_core.spec import TargetInfo


def restoring(info: TargetInfo) -> Callable[[Tensor], Tensor]:
    """From training units to the target's own, in float64: a float32 year would lose its fraction."""
    mean = torch.tensor(info.mean or (0.0,), dtype=torch.float64)
    std = torch.tensor(info.std or (1.0,), dtype=torch.float64)

    def restore(values: Tensor) -> Tensor:
        return values.double() * std.to(values.device) + mean.to(values.device)

    return restore
