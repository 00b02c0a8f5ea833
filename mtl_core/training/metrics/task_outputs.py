"""Outputs of a task's head as targets and predictions for people, in the forms in which diagnostics compare them."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from mtl_core.analysis.diagnostics.predictions import Floats, Form
from mtl_core.spec import TargetInfo
from mtl_core.tasks import TaskHead

_FORMS: Mapping[str, Form] = {
    "binary": "classes",
    "multiclass": "classes",
    "ordinal": "classes",
    "multilabel": "labels",
    "regression": "values",
    "count": "values",
    "box": "values",
    "distribution": "values",
}


def output_form(kind: str) -> Form:
    """Return the form of a kind of task; any without targets of one of the forms has only losses."""
    return _FORMS.get(kind, "losses")


def output_names(form: Form, info: TargetInfo, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the classes, labels or values of a task with these target columns."""
    if form == "losses":
        return ()
    return tuple(columns) if form == "values" else info.classes


def read_outputs(
    head: TaskHead, form: Form, output: Tensor, target: Tensor, mask: Tensor | None
) -> tuple[NDArray[Any], Floats]:
    """Return targets and predictions of N rows, as in :class:`~mtl_core.analysis.diagnostics.predictions`.

    Args:
        head: The task.
        form: Its form, which has targets.
        output: ``[N, …]`` outputs without members.
        target: ``[N, …]`` targets.
        mask: ``[N]`` or ``[N, W]`` labels that are present; None if all are.
    """
    predictions = head.predict(output.double()).double()
    values = target
    if form == "values":
        values = head.metric_inputs(output, target)[1].double()
        missing: float = torch.nan
    else:
        values = (target.flatten() if form == "classes" else target).long()
        missing = -1
    if mask is not None:
        values = values.masked_fill(~(mask if mask.dim() == values.dim() else mask.unsqueeze(1)), missing)
    return values.cpu().numpy(), predictions.cpu().numpy()
