"""Counts by Poisson regression: the output is the logarithm of what is expected."""

from functools import partial
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

from mtl_core.spec import CountTask, TargetInfo
from mtl_core.tabular.column import Rows
from mtl_core.tasks import distillation, output_averaging, prediction_columns
from mtl_core.tasks.base import TaskHead, directions, mean_of_values
from mtl_core.tasks.kind import TaskKind
from mtl_core.tasks.kinds.regression import in_float64
from mtl_core.tasks.metrics import Measure
from mtl_core.tasks.targets.labels import Labels, TargetSource
from mtl_core.tasks.targets.numbers import (
    moments,
    number_info,
    number_tensor,
    numbers_of,
    read_numbers,
    refuse_rows,
    training_values,
)
from mtl_core.tasks.units import restoring


def _read_labels(task: CountTask, source: TargetSource, at: str) -> Labels:
    labels = read_numbers(task, source, at)
    numbers = numbers_of(labels)
    bad = np.isfinite(numbers) & ((numbers < 0) | (numbers % 1 != 0))
    refuse_rows(bad.any(1), numbers, f"{at}.target", "counts are 0, 1, 2 …")
    return labels


def _info(labels: Labels, train: Rows) -> TargetInfo:
    if not cast(CountTask, labels.task).standardize:
        return number_info(labels, train)
    mean, _ = moments(training_values(labels, train), partial=labels.parts is not None)
    return number_info(labels, train, std=tuple(np.where(mean > 0, mean, 1.0).tolist()))


def build_count(task: CountTask, info: TargetInfo) -> TaskHead:
    """The runtime of a count: Poisson likelihood without the term that no model changes; predictions are counts."""
    from mtl_core.tasks.partial_labels import of_each_value

    restore = restoring(info)

    def measures() -> dict[str, Measure]:
        if info.value_counts:
            return {name: of_each_value(partial(_measure, name, 1), info.width) for name in task.metrics}
        return {name: _measure(name, info.width) for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=mean_of_values(partial(F.poisson_nll_loss, log_input=True, reduction="none")),
        predict=lambda output: restore(output.double().exp()),
        directions=directions(task),
        read=lambda prediction, target: (restore(prediction.double().exp()), restore(target)),
        measures=measures,
        average=output_averaging.logarithms,
        columns=partial(prediction_columns.numbers, task, info),
        distance=distillation.values,
    )


def deviance(rate: Tensor, count: Tensor) -> Tensor:
    """[N] mean Poisson deviance of the W counts of a row."""
    return 2 * (torch.xlogy(count, count / rate) - count + rate).mean(1)


def _measure(name: str, width: int) -> Measure:
    from torchmetrics.regression import MeanAbsoluteError, MeanSquaredError

    from mtl_core.tasks.additional_metrics import RowMean, Whole, r2, spearman

    match name:
        case "deviance":
            return Measure(RowMean(deviance))
        case "mae":
            return Measure(in_float64(MeanAbsoluteError(num_outputs=width)))
        case "rmse":
            return Measure(in_float64(MeanSquaredError(squared=False, num_outputs=width)))
        case "r2":
            return Measure(Whole(r2))
        case "spearman":
            return Measure(Whole(spearman))
    raise ValueError(f"no such metric of a count: {name}")


KIND = TaskKind(read=_read_labels, info=_info, tensor=number_tensor, build=build_count)
