"""Ordinal classification: K classes by K - 1 thresholds."""

from dataclasses import replace
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

from mtl_core.spec import InputError, OrdinalTask, TargetInfo, shorten
from mtl_core.tasks import distillation, output_averaging, prediction_columns
from mtl_core.tasks.class_metrics import build_class_metric
from mtl_core.tasks.targets.classes import class_info, class_labels, class_tensor
from mtl_core.tasks.targets.labels import Labels, TargetSource
from mtl_core.tasks.task_head import RowLoss, TaskHead, directions, masked_mean
from mtl_core.tasks.task_kind import TaskKind
from mtl_core.tasks.task_metrics import TaskMetric

_EPSILON = 1e-12


def _read_labels(task: OrdinalTask, source: TargetSource, at: str) -> Labels:
    (column,) = source.columns_of(task, at)
    return _reorder_classes(class_labels(task, column, at), task.order, at)


def _reorder_classes(labels: Labels, order: tuple[str, ...], at: str) -> Labels:
    """Return the labels with the classes in the order of the spec, if it has one."""
    if not order or not labels.classes:
        return labels
    if sorted(order) != sorted(labels.classes):
        fix = "The classes are " + shorten(", ".join(map(repr, labels.classes)), 200) + "."
        rule = "must name each class of the target once"
        raise InputError(f"{at}.order", rule, found=shorten(", ".join(order)), fix=fix)
    new_codes = np.array([*(order.index(name) for name in labels.classes), -1], np.int64)
    assert labels.codes is not None
    return Labels(labels.task, labels.labeled, codes=new_codes[labels.codes], classes=order)


def build_ordinal(task: OrdinalTask, info: TargetInfo) -> TaskHead:
    """Build the head of an ordinal task; the predicted class is the median of its distribution.

    The outputs determine the probabilities P(y > k) of exceeding each threshold, which never increase in k:

    - ``cumulative_link`` (McCullagh 1980, with thresholds that may depend on the row): a logistic distribution; the
      first output is the logit of P(y > 0), each further one the gap to the next, lower logit before softplus.
    - ``corn`` (Shi, Cao & Raschka 2021): each output is the logit of P(y > k | y > k - 1), trained on the rows for
      which the condition holds.
    """
    classes = len(info.classes)
    exceedance = _cumulative_probabilities if task.loss == "cumulative_link" else _conditional_probabilities
    row_loss: RowLoss = _negative_log_likelihood if task.loss == "cumulative_link" else _corn

    def build_metrics() -> dict[str, TaskMetric]:
        return {name: _build_metric(name, classes) for name in task.metrics}

    def probabilities(output: Tensor) -> Tensor:
        return _class_probabilities(exceedance(output))

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=masked_mean(row_loss),
        predict=probabilities,
        directions=directions(task),
        metric_inputs=lambda prediction, target: (probabilities(prediction.double()), target),
        build_metrics=build_metrics,
        average=output_averaging.threshold_logits
        if task.loss == "cumulative_link"
        else output_averaging.conditional_logits,
        columns=partial(prediction_columns.classes, task, info, choose=median),
        distance=lambda student, teacher, temperature: distillation.class_divergence(
            _logits(probabilities(student)), _logits(probabilities(teacher)), temperature
        ),
    )


def _thresholds(output: Tensor) -> Tensor:
    """[N, K - 1] logits of P(y > k), decreasing in k."""
    gaps = F.softplus(output[:, 1:])
    return torch.cat([output[:, :1], output[:, :1] - gaps.cumsum(1)], dim=1)


def _cumulative_probabilities(output: Tensor) -> Tensor:
    return torch.sigmoid(_thresholds(output))


def _conditional_probabilities(output: Tensor) -> Tensor:
    return torch.sigmoid(output).cumprod(1)


def _class_probabilities(above: Tensor) -> Tensor:
    """[N, K] class probabilities from the probabilities of exceeding each threshold."""
    ones = torch.ones_like(above[:, :1])
    return torch.cat([ones, above], dim=1) - torch.cat([above, torch.zeros_like(ones)], dim=1)


def _logits(probabilities: Tensor) -> Tensor:
    """[N, K] class logits from probabilities."""
    return probabilities.clamp(min=1e-7).log()


def _negative_log_likelihood(output: Tensor, target: Tensor) -> Tensor:
    """[N] negative log-likelihood of the class under ordered thresholds.

    The class between logits a > b has the probability σ(a)·σ(-b)·(1 - exp(b - a)), whose logarithm keeps its gradient
    where the difference σ(a) - σ(b) would round to 0.
    """
    logits, zeros = _thresholds(output), torch.zeros_like(output[:, :1])
    between = (-torch.expm1(-F.softplus(output[:, 1:]))).clamp(min=_EPSILON).log()
    logarithms = (
        torch.cat([zeros, F.logsigmoid(logits)], dim=1)
        + torch.cat([F.logsigmoid(-logits), zeros], dim=1)
        + torch.cat([zeros, between, zeros], dim=1)
    )
    return -logarithms.gather(1, target.unsqueeze(1)).squeeze(1)


def _corn(output: Tensor, target: Tensor) -> Tensor:
    """[N] sum of the cross-entropies of the thresholds k for which the row's class exceeds k - 1."""
    k = torch.arange(output.shape[1], device=output.device)
    truth = (target.unsqueeze(1) > k).to(output.dtype)
    holds = (target.unsqueeze(1) >= k).to(output.dtype)
    entropy = F.binary_cross_entropy_with_logits(output, truth, reduction="none")
    return (entropy * holds).sum(1)


def median(probabilities: Tensor) -> Tensor:
    """[N] the class at which the cumulative probability reaches one half: it minimizes the absolute error."""
    return (1 - probabilities.cumsum(1)[:, :-1] > 0.5).sum(1)


def _build_metric(name: str, classes: int) -> TaskMetric:
    from mtl_core.tasks.additional_metrics import DatasetMetric, RowMean, spearman

    match name:
        case "quadratic_kappa" | "accuracy":
            return replace(build_class_metric(name, classes), transform=median)
        case "mae":
            return TaskMetric(RowMean(lambda rank, target: (rank - target).abs()), transform=median)
        case "spearman":
            return TaskMetric(DatasetMetric(spearman), transform=median)
        case "log_loss":
            return build_class_metric(name, classes)
    raise ValueError(f"no such metric of an ordinal task: {name}")


KIND = TaskKind(read_labels=_read_labels, target_info=class_info, target_tensor=class_tensor, build_head=build_ordinal)
