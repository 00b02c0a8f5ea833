"""Optimisers from the spec."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from mtl_core.spec import Optimizer as OptimizerSpec
from mtl_core.spec.training.optimizers import Adagrad, Adam, Adamax, AdamW, Muon, NAdam, RmsProp, Sgd
from mtl_core.training.optimization.param_groups import Group


def build_optimizer(spec: OptimizerSpec, model: Sequence[Group], weighting: Sequence[nn.Parameter]) -> Optimizer:
    """The optimiser of a model and of what its weighting method learns.

    Args:
        spec: Which, and its settings.
        model: The model's parameters in groups; ``lr_factor`` of a group multiplies the learning rate.
        weighting: The weighting method's own parameters: a group of their own, never decayed.

    Returns:
        A fused optimiser, one kernel for all parameters of a group, where torch has one for this kind.
    """
    groups = [dict(group) for group in model]
    if weighting:
        groups.append({"params": list(weighting), "weight_decay": 0.0})
    for group in groups:
        group.setdefault("lr_factor", 1.0)
        group["lr"] = spec.lr * group["lr_factor"]
    if isinstance(spec, Muon):
        return MuonWithAdamW(spec, groups)
    return _build(spec, groups)


def set_rate(optimizer: Optimizer, rate: float) -> None:
    """Give every group its share of a learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["lr_factor"]


def _build(spec: OptimizerSpec, groups: list[Group]) -> Optimizer:  # noqa: PLR0911 - an arm per kind
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
    """SGD whose every parameter has its momentum, 0, from the start.

    The fused kernel fails when a parameter gets its first gradient after others have had theirs, as a head does whose
    task has no label in the first batches. A momentum of 0 gives the same first step as none.
    """
    for group in optimizer.param_groups:
        if group["momentum"]:
            for parameter in group["params"]:
                optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
    return optimizer


class MuonWithAdamW(Optimizer):
    """Muon (Jordan et al. 2024) for the parameters of two dimensions, AdamW for all others.

    Muon's step is scaled by ``0.2·√max(rows, columns)`` to the size of AdamW's (Liu et al. 2025), so that both take the
    same learning rate and weight decay. The two step on one state and one list of groups, which are this one's.

    Args:
        spec: Its settings.
        groups: The parameters; each group becomes one of matrices and one of the rest.
    """

    def __init__(self, spec: Muon, groups: Sequence[Group]) -> None:
        matrices = [group for each in groups if (group := _kept(each, matrices=True))["params"]]
        rest = [group for each in groups if (group := _kept(each, matrices=False))["params"]]
        settings: dict[str, Any] = {"momentum": spec.momentum, "nesterov": spec.nesterov}
        adjusted: dict[str, Any] = {"adjust_lr_fn": "match_rms_adamw", "weight_decay": spec.weight_decay}
        self._inner: list[Optimizer] = []
        if matrices:
            self._inner.append(torch.optim.Muon(matrices, lr=spec.lr, **settings, **adjusted))
        if rest:
            self._inner.append(_build(spec, rest))
        super().__init__([group for inner in self._inner for group in inner.param_groups], {})
        self._share()

    def step(self, closure: Any = None) -> Any:
        """One step of both; there is no closure to call."""
        for inner in self._inner:
            inner.step(closure)

    def load_state_dict(self, state_dict: Any) -> None:
        """Takes a saved state back."""
        super().load_state_dict(state_dict)
        self._share()

    def _share(self) -> None:
        first = 0
        for inner in self._inner:
            last = first + len(inner.param_groups)
            inner.state, inner.param_groups = self.state, self.param_groups[first:last]
            first = last


def _kept(group: Group, *, matrices: bool) -> Group:
    return {**group, "params": [p for p in group["params"] if (p.ndim == 2) == matrices]}
