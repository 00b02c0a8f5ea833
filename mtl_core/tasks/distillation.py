"""Distances between the outputs of two models, for knowledge distillation; 0 where both outputs are the same.

For classes it is T² times the KL divergence between distributions softened by a temperature T: the softmax of logits
divided by T (Hinton et al. 2015; Li & Hoiem 2016). For numbers it is the squared error in training units, for counts
that of their logarithms, for boxes that of their coordinates.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

Distance = Callable[[Tensor, Tensor, float], Tensor]
"""From the outputs of a student and of a teacher, both ``[N, …]``, and a temperature to their mean distance, 0-d."""


def class_divergence(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """T² times the KL divergence of softened classes, from logits ``[N, C, …]``; the mean over rows and places."""
    log_p = torch.log_softmax(student / temperature, dim=1)
    log_q = torch.log_softmax(teacher / temperature, dim=1)
    return temperature**2 * F.kl_div(log_p, log_q, reduction="none", log_target=True).sum(1).mean()


def label_divergence(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """T² times the KL divergence of softened labels, from a logit per label ``[N, L]``; the mean over all."""
    z, w = student / temperature, teacher / temperature
    q = torch.sigmoid(w)
    divergence = q * (F.logsigmoid(w) - F.logsigmoid(z)) + (1 - q) * (F.logsigmoid(-w) - F.logsigmoid(-z))
    return temperature**2 * divergence.mean()


def squared_error(student: Tensor, teacher: Tensor, _: float) -> Tensor:
    """The mean squared error of values in training units ``[N, W]``; the temperature has no effect."""
    return F.mse_loss(student, teacher)
