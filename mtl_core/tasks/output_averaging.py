"""Averages of the outputs of several models, such that the prediction of the average is the mean prediction.

Probabilities and values are averaged, not logits. The result again has the form of a task's output, so its loss,
metrics and decoding apply as to the output of a single model (Dietterich 2000; Lakshminarayanan et al. 2017).
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

Average = Callable[[Tensor], Tensor]
"""From the outputs of M models ``[M, N, …]`` to one ``[N, …]``."""

_EPSILON = 1e-12


def log_means(outputs: Tensor) -> Tensor:
    """The logarithm of the mean of exponentials."""
    return torch.logsumexp(outputs, dim=0) - math.log(len(outputs))


def class_logits(outputs: Tensor) -> Tensor:
    """Logits of the mean class probabilities: their logarithms."""
    return log_means(torch.log_softmax(outputs, dim=2))


def label_logits(outputs: Tensor) -> Tensor:
    """Logits of the mean label probabilities."""
    return log_means(F.logsigmoid(outputs)) - log_means(F.logsigmoid(-outputs))


def mean_outputs(outputs: Tensor) -> Tensor:
    """The mean output, for values."""
    return outputs.mean(dim=0)


def gaussians(width: int, outputs: Tensor) -> Tensor:
    """Mean and log-variance of the mixture of the models' normal distributions."""
    means, variances = outputs[:, :, :width], outputs[:, :, width:].exp()
    variance = means.var(dim=0, correction=0) + variances.mean(dim=0)
    return torch.cat([means.mean(dim=0), variance.log()], dim=1)


def threshold_logits(outputs: Tensor) -> Tensor:
    """Outputs for the mean P(y > k) of ordered thresholds: the first logit, and the gaps before softplus."""
    drops = F.softplus(outputs[:, :, 1:]).cumsum(dim=2)
    logits = label_logits(torch.cat([outputs[:, :, :1], outputs[:, :, :1] - drops], dim=2))
    gaps = (logits[:, :-1] - logits[:, 1:]).clamp(min=_EPSILON)
    return torch.cat([logits[:, :1], gaps + (-torch.expm1(-gaps)).log()], dim=1)  # the inverse of softplus


def conditional_logits(outputs: Tensor) -> Tensor:
    """Logits of P(y > k | y > k - 1) in the mean distribution."""
    above = log_means(F.logsigmoid(outputs).cumsum(dim=2))
    conditional = torch.cat([above[:, :1], above[:, 1:] - above[:, :-1]], dim=1).clamp(max=-_EPSILON)
    return conditional - (-torch.expm1(conditional)).log()
