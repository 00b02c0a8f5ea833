"""Optimisers from the spec."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from mtl_core.spec import Optimizer as OptimizerSpec
from mtl_core.spec.training import Adam, AdamW, Sgd


def build_optimizer(
    spec: OptimizerSpec, parameters: Sequence[nn.Parameter], weighting: Sequence[nn.Parameter]
) -> Optimizer:
    """The optimiser of a model and of what its weighting method learns.

    Args:
        spec: Which, and its settings.
        parameters: The model's parameters.
        weighting: The weighting method's own parameters: a group of their own, never decayed.

    Returns:
        A fused optimiser: one kernel for all parameters, on the CPU and on CUDA.
    """
    groups: list[dict[str, Any]] = [{"params": list(parameters)}]
    if weighting:
        groups.append({"params": list(weighting), "weight_decay": 0.0})
    common: dict[str, Any] = {"lr": spec.lr, "weight_decay": spec.weight_decay, "fused": True}
    match spec:
        case Sgd():
            return _with_momentum(torch.optim.SGD(groups, momentum=spec.momentum, nesterov=spec.nesterov, **common))
        case Adam():
            return torch.optim.Adam(groups, betas=(spec.beta1, spec.beta2), **common)
        case AdamW():
            return torch.optim.AdamW(groups, betas=(spec.beta1, spec.beta2), **common)


def _with_momentum(optimizer: torch.optim.SGD) -> torch.optim.SGD:
    """SGD whose every parameter has its momentum, 0, from the start.

    The fused kernel fails when a parameter gets its first gradient after others have had theirs, as a head does whose
    task has no label in the first batches. A momentum of 0 gives the same first step as none.
    """
    for group in optimizer.param_groups:
        if group["momentum"]:
            for parameter in group["params"]:
                optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
    return optimizer
