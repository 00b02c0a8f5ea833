"""How far outputs are from those of another model, for knowledge distillation."""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

from mtl_core.spec import Task
from mtl_core.tasks.base import TaskHead

Distance = Callable[[Tensor, Tensor], Tensor]
"""From a model's outputs and those it should have, both ``[N, …]``, to their mean distance, 0-d."""

_LEAST = 1e-7


def distance_of(task: Task, head: TaskHead, temperature: float) -> Distance:
    """The distance between two models' outputs for a task, 0 where they are the same.

    Of classes it is T² times the divergence of the distributions softened by a temperature T: probabilities to the
    power of 1/T, normalised (Hinton et al. 2015; Li & Hoiem 2016). Of numbers it is the squared error in training
    units, of counts that of their logarithms, of boxes that of what is read from the outputs.

    Args:
        task: Of which kind.
        head: Its runtime.
        temperature: T, above 0.
    """
    match task.kind:
        case "multiclass" | "distribution" | "segmentation" | "tagging":
            return partial(_of_classes, temperature=temperature)
        case "binary" | "multilabel":
            return partial(_of_labels, temperature=temperature)
        case "ordinal":
            return lambda output, wanted: _of_classes(
                _logarithms(head.predict(output)), _logarithms(head.predict(wanted)), temperature
            )
        case "box":
            return lambda output, wanted: F.mse_loss(torch.sigmoid(output), torch.sigmoid(wanted))
        case "regression" | "count" | "objective":
            return F.mse_loss


def _of_classes(output: Tensor, wanted: Tensor, temperature: float) -> Tensor:
    """Of logits ``[N, C, …]``, a mean over rows and places."""
    log_p = torch.log_softmax(output / temperature, dim=1)
    log_q = torch.log_softmax(wanted / temperature, dim=1)
    return temperature**2 * F.kl_div(log_p, log_q, reduction="none", log_target=True).sum(1).mean()


def _of_labels(output: Tensor, wanted: Tensor, temperature: float) -> Tensor:
    """Of a logit for each label, ``[N, L]``, a mean over rows and labels."""
    z, w = output / temperature, wanted / temperature
    q = torch.sigmoid(w)
    divergence = q * (F.logsigmoid(w) - F.logsigmoid(z)) + (1 - q) * (F.logsigmoid(-w) - F.logsigmoid(-z))
    return temperature**2 * divergence.mean()


def _logarithms(probabilities: Tensor) -> Tensor:
    return probabilities.clamp(min=_LEAST).log()
