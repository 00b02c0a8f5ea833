"""The shared layers and the task heads as parts that are trained each in its own way."""

import re
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.architectures import MultiTaskModel, Pretrained
from mtl_core.spec import Part, TrainingSpec

Group = dict[str, Any]
"""A group of an optimiser: ``params``, ``lr_factor`` and, where it is not the optimiser's own, ``weight_decay``."""


def head_parameters(model: MultiTaskModel) -> list[nn.Parameter]:
    """The parameters of all heads, in task order."""
    return [parameter for task in model.tasks for parameter in model.head_parameters(task)]


def named_shared_parameters(model: MultiTaskModel) -> dict[str, nn.Parameter]:
    """All parameters that are in no head, by name, in the model's own order."""
    heads = set(map(id, head_parameters(model)))
    return {name: parameter for name, parameter in model.named_parameters() if id(parameter) not in heads}


def groups_of(model: MultiTaskModel, training: TrainingSpec) -> list[Group]:
    """The model's learning parameters, those that are trained alike in one group.

    With a ``depth_factor`` the rate of each shared layer is that of the next one times the factor, and the last one's
    is that of the part. Layers at the same place of several trunks count as one; what has no place counts as last.
    The layers inside a pretrained model count each.
    """
    shared = {name: p for name, p in named_shared_parameters(model).items() if p.requires_grad}
    places = {name: place for name in shared if (place := _place(name)) is not None} | _places_inside(model)
    depths = sorted({places[name] for name in shared if name in places})
    groups: dict[tuple[float, float | None], list[nn.Parameter]] = {}
    for name, parameter in shared.items():
        below = len(depths) - 1 - depths.index(places[name]) if name in places else 0
        factor = training.shared.lr_factor * training.shared.depth_factor**below * model.lr_factor(name)
        groups.setdefault((factor, training.shared.weight_decay), []).append(parameter)
    of_heads = [parameter for parameter in head_parameters(model) if parameter.requires_grad]
    if of_heads:
        groups.setdefault((training.heads.lr_factor, training.heads.weight_decay), []).extend(of_heads)
    return [
        {"params": parameters, "lr_factor": factor} | ({} if decay is None else {"weight_decay": decay})
        for (factor, decay), parameters in groups.items()
    ]


def _place(name: str) -> tuple[int, int] | None:
    """The place of a parameter's layer: the last number in its name, ``3`` in ``shared.3.weight``."""
    numbers = re.findall(r"(?<=\.)\d+(?=\.)", name)
    return (int(numbers[-1]), 0) if numbers else None


def _places_inside(model: MultiTaskModel) -> dict[str, tuple[int, int]]:
    """Those of the parameters of pretrained models: the place of the model, and how deep in it."""
    return {
        f"{above}.{name}": (place[0], depth)
        for above, module in model.named_modules()
        if isinstance(module, Pretrained) and (place := _place(f"{above}."))
        for name, depth in module.parameter_depths().items()
    }


class Penalties:
    """The gradients of the L1 and L2 penalties, added before a step.

    The penalty of a part is ``l1·Σ|w| + l2·½Σw²`` over its weights of two and more dimensions: biases and
    normalisation are left alone. It belongs to no task, so no weighting method sees it, and it is in no loss shown.
    Through an adaptive optimiser it is not what weight decay is (Loshchilov & Hutter 2019).

    Args:
        model: Whose parts are meant.
        training: The settings of the parts.
    """

    def __init__(self, model: MultiTaskModel, training: TrainingSpec) -> None:
        parts: list[tuple[Part, Sequence[nn.Parameter]]] = [
            (training.shared, list(named_shared_parameters(model).values())),
            (training.heads, head_parameters(model)),
        ]
        self._terms = [(part, [p for p in found if p.ndim > 1]) for part, found in parts if part.l1 or part.l2]

    def add(self) -> None:
        """Add to the gradients there are; a parameter without one takes no part in the step and is left alone."""
        for part, parameters in self._terms:
            with torch.no_grad():
                _add(part, [parameter for parameter in parameters if parameter.grad is not None])


def _add(part: Part, parameters: Sequence[nn.Parameter]) -> None:
    gradients: list[Tensor] = [parameter.grad for parameter in parameters if parameter.grad is not None]
    weights: list[Tensor] = list(parameters)
    if part.l2 and weights:
        torch._foreach_add_(gradients, weights, alpha=part.l2)
    if part.l1 and weights:
        torch._foreach_add_(gradients, torch._foreach_sign(weights), alpha=part.l1)
