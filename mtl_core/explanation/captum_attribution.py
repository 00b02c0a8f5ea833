"""Attributions by captum (Kokhlikyan et al. 2020), which the extra ``explain`` brings.

:class:`TaskModule` is what any attribution of captum takes: a module of tensors that gives the prediction of one task.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.errors import EnvironmentFault, InputError
from mtl_core.explanation.attribution import NUMERIC_KINDS, Attribution, ExplainedRow, sum_blocks, sum_by_column
from mtl_core.explanation.explained_model import ExplainedModel
from mtl_core.explanation.occlusion import part_numbers, parts_shape

_CLASSES = {
    "saliency": "Saliency",
    "input_x_gradient": "InputXGradient",
    "shapley_sampling": "ShapleyValueSampling",
}
_SAMPLES = 25
_ADDITIVE = ("shapley_sampling",)
_TOLERANCE = 1e-3


class TaskModule(nn.Module):
    """The prediction of one task as a module of the inputs, one tensor each, in their order.

    Args:
        model: The model.
        task: The task.
        fixed: Masks of the presence of inputs, ``[1]`` each, for a row that lacks some.
    """

    def __init__(self, model: ExplainedModel, task: str, fixed: dict[str, Tensor] | None = None) -> None:
        super().__init__()
        self.model = model.model
        self._explained, self._task, self._fixed = model, model.task_index(task), fixed or {}

    def forward(self, *inputs: Tensor) -> Tensor:
        """``[N, outputs]``: probabilities of classes, or values in the target's units."""
        rows = len(inputs[0])
        named = dict(zip(self._explained.preprocessing, inputs, strict=True))
        named |= {name: tensor.expand(rows) for name, tensor in self._fixed.items()}
        return self._explained.decode(self._task, self.model(named)[self._task])


def load_captum() -> Any:
    """Import ``captum.attr``.

    Raises:
        EnvironmentFault: The extra is not installed.
    """
    try:
        return import_module("captum.attr")
    except ImportError as error:
        fix = 'Install it with: pip install "mtl-workbench[explain]".'
        raise EnvironmentFault(
            "captum", "needs the extra explain, which is not installed", found=error, fix=fix
        ) from None


def captum_attribution(row: ExplainedRow, method: str) -> Attribution:
    """Attribute a prediction by a method of captum, from a baseline of zeros where it has one.

    Args:
        row: The row.
        method: ``saliency``, ``input_x_gradient`` or ``shapley_sampling``.

    Raises:
        InputError: An input is a text, whose tokens are integers.
        EnvironmentFault: The extra is not installed.
    """
    if text := next((name for name in row.names if row.kind(name) not in NUMERIC_KINDS), ""):
        fix = "Take integrated gradients or occlusion."
        raise InputError(
            "method", f"varies numbers, and the tokens of text {text!r} are integers", found=method, fix=fix
        )
    library = load_captum()
    fixed = {name: tensor for name, tensor in row.inputs.items() if name not in row.names}
    module = TaskModule(row.model, row.model.task_names[row.task], fixed)
    inputs = tuple(row.inputs[name].clone().requires_grad_() for name in row.names)
    attributor = getattr(library, _CLASSES[method])(module)
    if method in _ADDITIVE:
        torch.manual_seed(0)
        settings: dict[str, Any] = {"feature_mask": _feature_masks(row), "n_samples": _SAMPLES}
    else:
        settings = {}
    with torch.backends.cudnn.flags(enabled=False):
        found = attributor.attribute(inputs, target=row.output, **settings)
    values = {name: _summarize(row, name, part[0], method) for name, part in zip(row.names, found, strict=True)}
    with torch.no_grad():
        prediction = float(module(*inputs)[0, row.output])
        base = float(module(*(torch.zeros_like(tensor) for tensor in inputs))[0, row.output])
    gap = (
        prediction - base - sum(float(value.sum()) for value in values.values())
        if method in _ADDITIVE
        else float("nan")
    )
    is_complete = method not in _ADDITIVE or abs(gap) <= _TOLERANCE * max(abs(prediction - base), 1e-6)
    return Attribution(values, base, gap, is_complete, 1)


def _feature_masks(row: ExplainedRow) -> tuple[Tensor, ...]:
    """The number of the part of each value, from 0 across all inputs: columns, patches, segments."""
    masks: list[Tensor] = []
    first = 0
    for name in row.names:
        mask = part_numbers(row, name)
        masks.append(mask + first)
        first += int(mask.max()) + 1
    return tuple(masks)


def _summarize(row: ExplainedRow, name: str, attribution: Tensor, method: str) -> Tensor:
    """Attributions by column or block; of a method that varies parts, each part's own, once."""
    values = attribution.detach().double().cpu()
    if method in _ADDITIVE:
        numbers = part_numbers(row, name)[0].cpu()
        firsts: Sequence[int] = [int((numbers.flatten() == n).nonzero()[0]) for n in range(int(numbers.max()) + 1)]
        return values.flatten()[list(firsts)].view(parts_shape(row, name))
    if row.kind(name) == "table":
        return sum_by_column(values, row.model.preprocessing[name])
    return sum_blocks(values)
