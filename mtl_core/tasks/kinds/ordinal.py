"""Ordinal classification: K classes by K - 1 thresholds."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

from mtl_core.spec import InputError, OrdinalTask, TargetInfo, shorten
from mtl_core.tasks import distillation, output_averaging, prediction_columns
from mtl_core.tasks.base import RowLoss, TaskHead, directions, mean_of
from mtl_core.tasks.kind import TaskKind
from mtl_core.tasks.metrics import Measure
from mtl_core.tasks.targets.classes import class_info, class_labels, class_tensor
from mtl_core.tasks.targets.labels import Labels, TargetSource

_LEAST = 1e-12


def _read_labels(task: OrdinalTask, source: TargetSource, at: str) -> Labels:
    (column,) = source.columns_of(task, at)
    return _ordered(class_labels(task, column, at), task.order, at)


def _ordered(labels: Labels, order: tuple[str, ...], at: str) -> Labels:
    """The classes in the order that was given, if one was."""
    if not order or not labels.classes:
        return labels
    if sorted(order) != sorted(labels.classes):
        fix = "The classes are " + shorten(", ".join(map(repr, labels.classes)), 200) + "."
        rule = "must name each class of the target once"
        raise InputError(f"{at}.order", rule, found=shorten(", ".join(order)), fix=fix)
    place = np.array([*(order.index(name) for name in labels.classes), -1], np.int64)
    assert labels.codes is not None
    return Labels(labels.task, labels.there, codes=place[labels.codes], classes=order)


def build_ordinal(task: OrdinalTask, info: TargetInfo) -> TaskHead:
    """The runtime of an ordinal task; the class predicted is the median of its distribution.

    From the outputs follow the probabilities of lying above each threshold, P(y > k), never rising in k:

    - ``cumulative_link`` (McCullagh 1980, with thresholds that may depend on the row): a logistic distribution; the
      first output is the logit of P(y > 0), each further one a gap by which the next logit is lower.
    - ``corn`` (Shi, Cao & Raschka 2021): each output is the logit of P(y > k | y > k - 1); trained on the rows that
      the condition holds for.
    """
    classes = len(info.classes)
    above = _cumulative if task.loss == "cumulative_link" else _conditional
    row_loss: RowLoss = _likelihood if task.loss == "cumulative_link" else _corn

    def measures() -> dict[str, Measure]:
        return {name: _measure(name, classes) for name in task.metrics}

    def probabilities(output: Tensor) -> Tensor:
        return _classes(above(output))

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=mean_of(row_loss),
        predict=probabilities,
        directions=directions(task),
        read=lambda prediction, target: (probabilities(prediction.double()), target),
        measures=measures,
        average=output_averaging.thresholds if task.loss == "cumulative_link" else output_averaging.conditions,
        columns=partial(prediction_columns.classes, task, info, choose=median),
        distance=lambda output, wanted, temperature: distillation.classes(
            _logits(probabilities(output)), _logits(probabilities(wanted)), temperature
        ),
    )


def _thresholds(output: Tensor) -> Tensor:
    """[N, K - 1] logits of P(y > k), falling in k."""
    gaps = F.softplus(output[:, 1:])
    return torch.cat([output[:, :1], output[:, :1] - gaps.cumsum(1)], dim=1)


def _cumulative(output: Tensor) -> Tensor:
    return torch.sigmoid(_thresholds(output))


def _conditional(output: Tensor) -> Tensor:
    return torch.sigmoid(output).cumprod(1)


def _classes(above: Tensor) -> Tensor:
    """[N, K] probabilities of the classes from those of lying above each threshold."""
    edge = torch.ones_like(above[:, :1])
    return torch.cat([edge, above], dim=1) - torch.cat([above, torch.zeros_like(edge)], dim=1)


def _logits(probabilities: Tensor) -> Tensor:
    """[N, K] logits of a class each from probabilities."""
    return probabilities.clamp(min=1e-7).log()


def _likelihood(output: Tensor, target: Tensor) -> Tensor:
    """[N] negative log-likelihood of the class under ordered thresholds.

    With logits a > b the class between them has the probability σ(a)·σ(-b)·(1 - exp(b - a)), whose logarithm keeps
    its gradient where the difference σ(a) - σ(b) would round to 0.
    """
    logits, none = _thresholds(output), torch.zeros_like(output[:, :1])
    between = (-torch.expm1(-F.softplus(output[:, 1:]))).clamp(min=_LEAST).log()
    logarithms = (
        torch.cat([none, F.logsigmoid(logits)], dim=1)
        + torch.cat([F.logsigmoid(-logits), none], dim=1)
        + torch.cat([none, between, none], dim=1)
    )
    return -logarithms.gather(1, target.unsqueeze(1)).squeeze(1)


def _corn(output: Tensor, target: Tensor) -> Tensor:
    """[N] sum over the thresholds that a row's condition holds for, y > k - 1, per threshold."""
    k = torch.arange(output.shape[1], device=output.device)
    truth = (target.unsqueeze(1) > k).to(output.dtype)
    holds = (target.unsqueeze(1) >= k).to(output.dtype)
    entropy = F.binary_cross_entropy_with_logits(output, truth, reduction="none")
    return (entropy * holds).sum(1)


def median(probabilities: Tensor) -> Tensor:
    """[N] the class in which the cumulative probability reaches one half: the rank of least absolute error."""
    return (1 - probabilities.cumsum(1)[:, :-1] > 0.5).sum(1)


def _measure(name: str, classes: int) -> Measure:
    from torchmetrics.classification import MulticlassAccuracy, MulticlassCohenKappa

    from mtl_core.tasks.additional_metrics import RowMean, Whole, log_loss, spearman

    take: Callable[[Tensor], Tensor] = median
    match name:
        case "quadratic_kappa":
            return Measure(MulticlassCohenKappa(classes, weights="quadratic", validate_args=False), take=take)
        case "mae":
            return Measure(RowMean(lambda rank, target: (rank - target).abs()), take=take)
        case "accuracy":
            return Measure(MulticlassAccuracy(classes, average="micro", validate_args=False), take=take)
        case "spearman":
            return Measure(Whole(spearman), take=take)
        case "log_loss":
            return Measure(RowMean(log_loss))
    raise ValueError(f"no such metric of an ordinal task: {name}")


KIND = TaskKind(read=_read_labels, info=class_info, tensor=class_tensor, build=build_ordinal)
