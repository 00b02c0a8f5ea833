"""Builds the optimizer of a run from its spec; Muon combined with AdamW."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from mtl_core.spec import Optimizer as OptimizerSpec
from mtl_core.spec.training.optimizers import Adagrad, Adam, Adamax, AdamW, Muon, NAdam, RmsProp, Sgd
from mtl_core.training.optimization.param_groups import ParamGroup


def build_optimizer(
    spec: OptimizerSpec, param_groups: Sequence[ParamGroup], weighting_parameters: Sequence[nn.Parameter]
) -> Optimizer:
    """Build the optimizer of a model and of the parameters of its weighting method.

    Args:
        spec: Kind and settings.
        param_groups: The model's parameter groups; ``lr_factor`` of a group multiplies the learning rate.
        weighting_parameters: Parameters of the weighting method: a group without weight decay.

    Returns:
        A fused optimizer, one kernel for all parameters of a group, where torch has one of this kind.
    """
    groups = [dict(group) for group in param_groups]
    if weighting_parameters:
        groups.append({"params": list(weighting_parameters), "weight_decay": 0.0})
    for group in groups:
        group.setdefault("lr_factor", 1.0)
        group["lr"] = spec.lr * group["lr_factor"]
    if isinstance(spec, Muon):
        return MuonWithAdamW(spec, groups)
    return _build(spec, groups)


def set_lr(optimizer: Optimizer, lr: float) -> None:
    """Set the learning rate of every group: the rate times the group's ``lr_factor``."""
    for group in optimizer.param_groups:
        group["lr"] = lr * group["lr_factor"]


def _build(spec: OptimizerSpec, groups: list[ParamGroup]) -> Optimizer:  # noqa: PLR0911 - an arm per kind
    common: dict[str, Any] = {"lr": spec.lr, "weight_decay": spec.weight_decay}
    fused = {**common, "fused": True}
    match spec:
        case Sgd():
            return _with_momentum(torch.optim.SGD(groups, momentum=spec.momentum, nesterov=spec.nesterov, **fused))
        case Adam():
            return torch.optim.Adam(groups, betas=(spec.beta1, spec.beta2), **fused)
        case NAdam():
            betas = (spec.beta1, spec.beta2)
            return torch.optim.NAdam(groups, betas=betas, momentum_decay=spec.momentum_decay, **common)
        case RmsProp():
            settings: dict[str, Any] = {"momentum": spec.momentum, "centered": spec.centered}
            return torch.optim.RMSprop(groups, alpha=spec.alpha, **settings, **common)
        case Adagrad():
            on_cpu = all(parameter.device.type == "cpu" for group in groups for parameter in group["params"])
            return torch.optim.Adagrad(groups, lr_decay=spec.lr_decay, **(fused if on_cpu else common))
        case Adamax():
            return torch.optim.Adamax(groups, betas=(spec.beta1, spec.beta2), **common)
        case AdamW() | Muon():
            return torch.optim.AdamW(groups, betas=(spec.beta1, spec.beta2), **fused)


def _with_momentum(optimizer: torch.optim.SGD) -> torch.optim.SGD:
    """Initialize the momentum buffer of every parameter to 0.

    The fused kernel fails when a parameter gets its first gradient later than others, as a head does whose task has no
    label in the first batches. A buffer of 0 gives the same first step as none.
    """
    for group in optimizer.param_groups:
        if group["momentum"]:
            for parameter in group["params"]:
                optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
    return optimizer


class MuonWithAdamW(Optimizer):
    """Muon (Jordan et al. 2024) for parameters of two dimensions, AdamW for all others.

    Muon's step is scaled by ``0.2·√max(rows, columns)`` to the size of AdamW's (Liu et al. 2025), so that both take the
    same learning rate and weight decay. The two optimizers share the state and the parameter groups of this one.

    Args:
        spec: Settings.
        groups: Parameter groups; each is split into one of matrices and one of the others.
    """

    def __init__(self, spec: Muon, groups: Sequence[ParamGroup]) -> None:
        matrices = [filtered for group in groups if (filtered := _filter_parameters(group, matrices=True))["params"]]
        others = [filtered for group in groups if (filtered := _filter_parameters(group, matrices=False))["params"]]
        settings: dict[str, Any] = {"momentum": spec.momentum, "nesterov": spec.nesterov}
        muon_settings: dict[str, Any] = {"adjust_lr_fn": "match_rms_adamw", "weight_decay": spec.weight_decay}
        self._optimizers: list[Optimizer] = []
        if matrices:
            self._optimizers.append(torch.optim.Muon(matrices, lr=spec.lr, **settings, **muon_settings))
        if others:
            self._optimizers.append(_build(spec, others))
        super().__init__([filtered for optimizer in self._optimizers for filtered in optimizer.param_groups], {})
        self._share_state()

    def step(self, closure: Any = None) -> Any:
        """Step both optimizers; closures are not supported."""
        for optimizer in self._optimizers:
            optimizer.step(closure)

    def load_state_dict(self, state_dict: Any) -> None:
        """Load a saved state."""
        super().load_state_dict(state_dict)
        self._share_state()

    def _share_state(self) -> None:
        first = 0
        for optimizer in self._optimizers:
            last = first + len(optimizer.param_groups)
            optimizer.state, optimizer.param_groups = self.state, self.param_groups[first:last]
            first = last


def _filter_parameters(group: ParamGroup, *, matrices: bool) -> ParamGroup:
    return {**group, "params": [p for p in group["params"] if (p.ndim == 2) == matrices]}
