"""Optimizer parameter groups of shared layers and task heads, and their L1 and L2 penalties."""

import re
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.architectures import MultiTaskModel, Pretrained
from mtl_core.spec import ParamGroupSpec, TrainingSpec

ParamGroup = dict[str, Any]
"""A parameter group: ``params``, ``lr_factor`` and, if it differs from the optimizer's, ``weight_decay``."""


def head_parameters(model: MultiTaskModel) -> list[nn.Parameter]:
    """Return the parameters of all heads, in task order."""
    return [parameter for task in model.tasks for parameter in model.head_parameters(task)]


def named_shared_parameters(model: MultiTaskModel) -> dict[str, nn.Parameter]:
    """Return all parameters outside the heads by name, in the model's order."""
    heads = set(map(id, head_parameters(model)))
    return {name: parameter for name, parameter in model.named_parameters() if id(parameter) not in heads}


def build_param_groups(model: MultiTaskModel, training: TrainingSpec) -> list[ParamGroup]:
    """Group the trainable parameters of a model by learning rate factor and weight decay.

    With a ``depth_factor`` (layer-wise learning rate decay) the rate of each shared layer is that of the next layer
    times the factor; the last layer has the rate of the shared part. Fine-tuning has a factor of its own, of which the
    last layer has one too. Layers at the same position of several trunks count as one; a parameter without position
    counts as last. Each layer inside a pretrained model counts.
    """
    tuning = training.fine_tuning
    shared = {name: p for name, p in named_shared_parameters(model).items() if p.requires_grad}
    positions = {
        name: position for name in shared if (position := _layer_position(name)) is not None
    } | _pretrained_positions(model)
    depths = sorted({positions[name] for name in shared if name in positions})
    groups: dict[tuple[float, float | None], list[nn.Parameter]] = {}
    for name, parameter in shared.items():
        layers_behind = len(depths) - 1 - depths.index(positions[name]) if name in positions else 0
        depth_factor = (
            tuning.depth_factor(layers_behind, len(depths)) if tuning else training.shared.depth_factor**layers_behind
        )
        factor = training.shared.lr_factor * depth_factor * model.lr_factor(name)
        groups.setdefault((factor, training.shared.weight_decay), []).append(parameter)
    head_params = [parameter for parameter in head_parameters(model) if parameter.requires_grad]
    if head_params:
        groups.setdefault((training.heads.lr_factor, training.heads.weight_decay), []).extend(head_params)
    return [
        {"params": parameters, "lr_factor": factor} | ({} if decay is None else {"weight_decay": decay})
        for (factor, decay), parameters in groups.items()
    ]


def _layer_position(name: str) -> tuple[int, int] | None:
    """Return the position of a parameter's layer: the last number in its name, ``3`` in ``shared.3.weight``."""
    numbers = re.findall(r"(?<=\.)\d+(?=\.)", name)
    return (int(numbers[-1]), 0) if numbers else None


def _pretrained_positions(model: MultiTaskModel) -> dict[str, tuple[int, int]]:
    """Return the positions of the parameters of pretrained models: position of the model, depth inside it."""
    return {
        f"{prefix}.{name}": (position[0], depth)
        for prefix, module in model.named_modules()
        if isinstance(module, Pretrained) and (position := _layer_position(f"{prefix}."))
        for name, depth in module.parameter_depths().items()
    }


class WeightPenalties:
    """L1 and L2 penalties of the shared layers and the heads, whose gradients are added before a step.

    The penalty of a part is ``l1·Σ|w| + l2·½Σw²`` over its weights of two or more dimensions, so not of biases,
    normalization layers and scalings of members (TabM). It belongs to no task: weighting methods do not see it, and
    reported losses exclude it. With an adaptive optimizer it differs from weight decay (Loshchilov & Hutter 2019).

    Args:
        model: The model.
        training: Settings of the two parts.
    """

    def __init__(self, model: MultiTaskModel, training: TrainingSpec) -> None:
        parts: list[tuple[ParamGroupSpec, Sequence[nn.Parameter]]] = [
            (training.shared, list(named_shared_parameters(model).values())),
            (training.heads, head_parameters(model)),
        ]
        weights = {id(parameter) for name, parameter in model.named_parameters() if _is_weight(name, parameter)}
        self._terms = [
            (part, [p for p in parameters if id(p) in weights]) for part, parameters in parts if part.l1 or part.l2
        ]

    def add(self) -> None:
        """Add the penalty's gradients; a parameter without gradient takes no part in the step and gets none."""
        for part, parameters in self._terms:
            with torch.no_grad():
                _add_gradients(part, [parameter for parameter in parameters if parameter.grad is not None])


def _is_weight(name: str, parameter: nn.Parameter) -> bool:
    return parameter.ndim > 1 and not name.endswith((".bias", "scaling"))


def _add_gradients(part: ParamGroupSpec, parameters: Sequence[nn.Parameter]) -> None:
    gradients: list[Tensor] = [parameter.grad for parameter in parameters if parameter.grad is not None]
    weights: list[Tensor] = list(parameters)
    if part.l2 and weights:
        torch._foreach_add_(gradients, weights, alpha=part.l2)
    if part.l1 and weights:
        torch._foreach_add_(gradients, torch._foreach_sign(weights), alpha=part.l1)
