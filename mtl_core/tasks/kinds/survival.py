"""Survival analysis with discrete time: hazards of intervals, from event times some of which are censored."""

import math
from dataclasses import replace
from functools import partial
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from numpy.typing import NDArray
from torch import Tensor

from mtl_core.spec import TargetInfo
from mtl_core.spec.tasks import SurvivalTask
from mtl_core.tabular.column import Rows
from mtl_core.tasks import distillation, output_averaging
from mtl_core.tasks.prediction_columns import Cells, TaskColumns
from mtl_core.tasks.targets.labels import Labels, TargetSource
from mtl_core.tasks.targets.numbers import (
    number_info,
    number_matrix,
    number_tensor,
    read_numbers,
    reject_rows,
    training_values,
)
from mtl_core.tasks.task_head import RowLoss, TaskHead, directions, masked_mean
from mtl_core.tasks.task_kind import TaskKind
from mtl_core.tasks.task_metrics import TaskMetric


def _read_labels(task: SurvivalTask, source: TargetSource, at: str) -> Labels:
    """Read times and events, in this order whatever the order of the columns."""
    labels, where = read_numbers(task, source, at), f"{at}.target"
    numbers, labeled = number_matrix(labels), labels.labeled
    first, second = (bool(np.isin(column[labeled], (0, 1)).all()) for column in numbers.T)
    if first and not second:
        numbers = np.ascontiguousarray(numbers[:, ::-1])
    times, events = numbers.T
    reject_rows(labeled & ~np.isin(events, (0, 1)), numbers, where, "one of the two columns must hold events, 0 or 1")
    reject_rows(labeled & (times < 0), numbers, where, "times must be at least 0")
    return replace(labels, numbers=numbers)


def _info(labels: Labels, train: Rows) -> TargetInfo:
    """Describe the target; intervals end at quantiles of the event times in training, of all times without events."""
    times, events = training_values(labels, train).T
    event_times = times[events == 1] if (events == 1).any() else times
    shares = np.linspace(0, 1, cast(SurvivalTask, labels.task).intervals + 1)[1:]
    ends = np.unique(np.quantile(event_times, shares, method="inverted_cdf"))
    return number_info(labels, train, edges=tuple(ends[ends > 0].tolist()) or (1.0,))


def build_survival(task: SurvivalTask, info: TargetInfo) -> TaskHead:
    """Build the head of a survival task; ``predict`` returns the survival probability at the end of each interval."""
    ends = torch.tensor(info.edges)
    likelihood = partial(negative_log_likelihood, ends=ends)

    def build_metrics() -> dict[str, TaskMetric]:
        return {name: _build_metric(name, likelihood) for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=masked_mean(likelihood),
        predict=survival,
        directions=directions(task),
        metric_inputs=lambda output, target: (output.double(), target.double()),
        build_metrics=build_metrics,
        average=lambda outputs: -output_averaging.conditional_logits(-outputs),
        columns=partial(_columns, task, info),
        distance=distillation.label_divergence,
    )


def _build_metric(name: str, likelihood: RowLoss) -> TaskMetric:
    from mtl_core.tasks.additional_metrics import DatasetMetric, RowMean

    match name:
        case "nll":
            return TaskMetric(RowMean(likelihood))
        case "concordance":
            return TaskMetric(DatasetMetric(concordance), transform=cumulative_hazard)
    raise ValueError(f"no such metric of a survival task: {name}")


def negative_log_likelihood(output: Tensor, target: Tensor, ends: Tensor) -> Tensor:
    """[N] negative log-likelihood of times and events ``[N, 2]`` under the logits of hazards ``[N, K]``.

    A row survives the intervals that end before its event, or, if censored, of which it was observed for at least half
    (Gensheimer & Narasimhan 2019, section 2); intervals include their upper end.
    """
    ends = ends.to(target)
    starts = torch.cat([ends.new_zeros(1), ends[:-1]])
    time, event = target[:, :1], target[:, 1:] > 0.5
    survived = torch.where(event, time > ends, time >= (starts + ends) / 2)
    happened = event & (time <= ends) & ((time > starts) | (starts == 0))
    return (F.softplus(output) * survived + F.softplus(-output) * happened).sum(1)


def survival(output: Tensor) -> Tensor:
    """[N, K] probability that the event has not happened by the end of each interval."""
    return F.logsigmoid(-output.double()).cumsum(1).exp()


def cumulative_hazard(output: Tensor) -> Tensor:
    """[N, 1] negative logarithm of the survival probability at the last end."""
    return F.softplus(output).sum(1, keepdim=True)


def concordance(risk: Tensor, target: Tensor) -> Tensor:
    """Harrell's C (1982, 1996): the share of comparable pairs in which the row with the earlier event has more risk.

    A row that is censored at the time of another's event is assumed to have its own later. Equal risks count half; NaN
    if no two rows can be compared.
    """
    risks, times, events = (values.cpu().numpy() for values in (risk[:, 0], target[:, 0], target[:, 1] > 0.5))
    order = np.lexsort((risks, ~events, times))
    times, events = times[order], events[order]
    ranks = np.unique(risks, return_inverse=True)[1].reshape(-1)[order]
    higher, equal = _count_lower_and_equal(ranks, events)
    # Two events at one time are no pair. In this order the later of them has no less risk, so only ties were counted.
    tied = np.unique(np.stack([times[events], ranks[events]]), axis=1, return_counts=True)[1]
    equal -= int((tied * (tied - 1) // 2).sum())
    event_times = times[events]
    simultaneous = np.searchsorted(event_times, event_times, "right") - np.searchsorted(
        event_times, event_times, "left"
    )
    pairs = int((len(times) - np.searchsorted(times, event_times, "left") - simultaneous).sum())
    return target.new_tensor((higher + equal / 2) / pairs if pairs else math.nan)


def _count_lower_and_equal(ranks: NDArray[np.int64], selected: NDArray[np.bool_]) -> tuple[int, int]:
    """Count pairs of a selected place and a later place whose rank is lower, and equal, as merge sort does."""
    places, high = np.arange(len(ranks)), len(ranks)
    lower = equal = 0
    width = 1
    while width < len(ranks):
        blocks = places // (2 * width) * high
        second = places // width % 2 == 1
        keys, first = np.sort((blocks + ranks)[second]), ~second & selected
        first_equal = np.searchsorted(keys, (blocks + ranks)[first], "left")
        lower += int((first_equal - np.searchsorted(keys, blocks[first], "left")).sum())
        equal += int((np.searchsorted(keys, (blocks + ranks)[first], "right") - first_equal).sum())
        width *= 2
    return lower, equal


def median_time(survived: Tensor, ends: Tensor) -> Tensor:
    """[N] time at which survival falls to one half, linear between ends; NaN if it is higher at the last end."""
    times = torch.cat([ends.new_zeros(1), ends]).expand(len(survived), -1)
    shares = torch.cat([torch.ones_like(survived[:, :1]), survived], dim=1)
    after = (survived > 0.5).sum(1, keepdim=True) + 1  # survival never increases
    reached = after < shares.shape[1]
    after = after.clamp(max=shares.shape[1] - 1)
    (start, end), (high, low) = ((row.gather(1, after - 1), row.gather(1, after)) for row in (times, shares))
    median = start + (end - start) * (high - 0.5) / (high - low).clamp(min=1e-300)
    return torch.where(reached, median, torch.nan).squeeze(1)


def _columns(task: SurvivalTask, info: TargetInfo) -> TaskColumns:
    """The median time, empty if it is beyond the last end, and the probability of an event until the last end."""
    ends = torch.tensor(info.edges, dtype=torch.float64)

    def format_predictions(survived: Tensor, _: Tensor) -> Cells:
        pairs = zip(median_time(survived, ends).tolist(), (1 - survived[:, -1]).tolist(), strict=True)
        return [["" if math.isnan(median) else median, risk] for median, risk in pairs]

    def format_targets(target: Tensor) -> Cells:
        # A target is stored as float32: digits beyond its precision would be noise.
        return [[float(f"{time:.7g}"), int(event)] for time, event in target.tolist()]

    predicted, truth = (f"{task.name}.predicted", f"{task.name}.risk"), (f"{task.name}.truth", f"{task.name}.event")
    return TaskColumns(predicted, truth, format_predictions, format_targets)


KIND = TaskKind(read_labels=_read_labels, target_info=_info, target_tensor=number_tensor, build_head=build_survival)
