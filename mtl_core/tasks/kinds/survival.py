"""Survival: the hazards of intervals of time, from times and events some of which are censored."""

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
from mtl_core.tasks.base import TaskHead, directions, mean_of
from mtl_core.tasks.kind import TaskKind
from mtl_core.tasks.metrics import Measure
from mtl_core.tasks.prediction_columns import Cells, TaskColumns
from mtl_core.tasks.targets.labels import Labels, TargetSource
from mtl_core.tasks.targets.numbers import (
    number_info,
    number_tensor,
    numbers_of,
    read_numbers,
    refuse_rows,
    training_values,
)


def _read_labels(task: SurvivalTask, source: TargetSource, at: str) -> Labels:
    """Times and events, in this order whatever the order of the columns."""
    labels, where = read_numbers(task, source, at), f"{at}.target"
    numbers, there = numbers_of(labels), labels.there
    first, second = (bool(np.isin(column[there], (0, 1)).all()) for column in numbers.T)
    if first and not second:
        numbers = np.ascontiguousarray(numbers[:, ::-1])
    times, events = numbers.T
    refuse_rows(there & ~np.isin(events, (0, 1)), numbers, where, "one of the two columns must hold events, 0 or 1")
    refuse_rows(there & (times < 0), numbers, where, "times must be at least 0")
    return replace(labels, numbers=numbers)


def _info(labels: Labels, train: Rows) -> TargetInfo:
    """With the ends of intervals at the quantiles of the training rows' event times; of all times without any event."""
    times, events = training_values(labels, train).T
    seen = times[events == 1] if (events == 1).any() else times
    shares = np.linspace(0, 1, cast(SurvivalTask, labels.task).intervals + 1)[1:]
    ends = np.unique(np.quantile(seen, shares, method="inverted_cdf"))
    return number_info(labels, train, edges=tuple(ends[ends > 0].tolist()) or (1.0,))


def build_survival(task: SurvivalTask, info: TargetInfo) -> TaskHead:
    """The runtime of a survival task; ``predict`` gives the probability to be without the event at each end."""
    ends = torch.tensor(info.edges)
    likelihood = partial(negative_log_likelihood, ends=ends)

    def measures() -> dict[str, Measure]:
        from mtl_core.tasks.additional_metrics import RowMean, Whole

        made = {
            "nll": lambda: Measure(RowMean(likelihood)),
            "concordance": lambda: Measure(Whole(concordance), take=cumulative_hazard),
        }
        return {name: made[name]() for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=mean_of(likelihood),
        predict=survival,
        directions=directions(task),
        read=lambda output, target: (output.double(), target.double()),
        measures=measures,
        average=lambda outputs: -output_averaging.conditions(-outputs),
        columns=partial(_columns, task, info),
        distance=distillation.labels,
    )


def negative_log_likelihood(output: Tensor, target: Tensor, ends: Tensor) -> Tensor:
    """[N] negative log-likelihood of times and events ``[N, 2]`` under the logits of hazards ``[N, K]``.

    A row survives the intervals that end before its event, or of which it was seen for at least half (Gensheimer &
    Narasimhan 2019, section 2); intervals hold their upper end.
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
    """[N, 1] minus the logarithm of the probability to be without the event at the last end."""
    return F.softplus(output).sum(1, keepdim=True)


def concordance(risk: Tensor, target: Tensor) -> Tensor:
    """Harrell's C (1982, 1996): how often, of two rows, the one whose event is known to be the earlier has more risk.

    A row that is censored at the time of another's event is taken to have its own later. Equal risks count half; NaN
    where no two rows can be compared.
    """
    risks, times, events = (values.cpu().numpy() for values in (risk[:, 0], target[:, 0], target[:, 1] > 0.5))
    order = np.lexsort((risks, ~events, times))
    times, events = times[order], events[order]
    ranks = np.unique(risks, return_inverse=True)[1].reshape(-1)[order]
    higher, equal = _lower_and_equal_behind(ranks, events)
    # Two events at one time are no pair. In this order the later of them has no less risk, so only ties were counted.
    tied = np.unique(np.stack([times[events], ranks[events]]), axis=1, return_counts=True)[1]
    equal -= int((tied * (tied - 1) // 2).sum())
    own = times[events]
    at_once = np.searchsorted(own, own, "right") - np.searchsorted(own, own, "left")
    pairs = int((len(times) - np.searchsorted(times, own, "left") - at_once).sum())
    return target.new_tensor((higher + equal / 2) / pairs if pairs else math.nan)


def _lower_and_equal_behind(ranks: NDArray[np.int64], chosen: NDArray[np.bool_]) -> tuple[int, int]:
    """How many lower ranks stand behind the chosen places, and how many equal ones: by halves of ever larger blocks."""
    places, high = np.arange(len(ranks)), len(ranks)
    lower = equal = 0
    width = 1
    while width < len(ranks):
        blocks = places // (2 * width) * high
        second = places // width % 2 == 1
        keys, wanted = np.sort((blocks + ranks)[second]), ~second & chosen
        first_of_equal = np.searchsorted(keys, (blocks + ranks)[wanted], "left")
        lower += int((first_of_equal - np.searchsorted(keys, blocks[wanted], "left")).sum())
        equal += int((np.searchsorted(keys, (blocks + ranks)[wanted], "right") - first_of_equal).sum())
        width *= 2
    return lower, equal


def median_time(survived: Tensor, ends: Tensor) -> Tensor:
    """[N] time at which one half is without the event, linear between ends; NaN where the last end comes first."""
    times = torch.cat([ends.new_zeros(1), ends]).expand(len(survived), -1)
    shares = torch.cat([torch.ones_like(survived[:, :1]), survived], dim=1)
    after = (survived > 0.5).sum(1, keepdim=True) + 1  # survival never rises
    reached = after < shares.shape[1]
    after = after.clamp(max=shares.shape[1] - 1)
    (start, end), (high, low) = ((of.gather(1, after - 1), of.gather(1, after)) for of in (times, shares))
    median = start + (end - start) * (high - 0.5) / (high - low).clamp(min=1e-300)
    return torch.where(reached, median, torch.nan).squeeze(1)


def _columns(task: SurvivalTask, info: TargetInfo) -> TaskColumns:
    """The median time, empty where it lies beyond the last end, and the probability of an event until then."""
    ends = torch.tensor(info.edges, dtype=torch.float64)

    def read(survived: Tensor, _: Tensor) -> Cells:
        pairs = zip(median_time(survived, ends).tolist(), (1 - survived[:, -1]).tolist(), strict=True)
        return [["" if math.isnan(median) else median, risk] for median, risk in pairs]

    def tell(target: Tensor) -> Cells:
        # A target is kept in float32: digits beyond those it holds would be noise.
        return [[float(f"{time:.7g}"), int(event)] for time, event in target.tolist()]

    predicted, truth = (f"{task.name}.predicted", f"{task.name}.risk"), (f"{task.name}.truth", f"{task.name}.event")
    return TaskColumns(predicted, truth, read, tell)


KIND = TaskKind(read=_read_labels, info=_info, tensor=number_tensor, build=build_survival)
