"""The outputs of several models as one output, whose prediction is the mean of theirs.

Probabilities and values are averaged, not outputs. The result is again what the task's output layer gives, so that its
loss, metrics and reading apply to it as to any model's (Dietterich 2000; Lakshminarayanan et al. 2017).
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

Average = Callable[[Tensor], Tensor]
"""From the outputs of M models ``[M, N, …]`` to one ``[N, …]``."""

_LEAST = 1e-12


def logarithms(outputs: Tensor) -> Tensor:
    """The logarithm of the mean of what the outputs are the logarithms of."""
    return torch.logsumexp(outputs, dim=0) - math.log(len(outputs))


def classes(outputs: Tensor) -> Tensor:
    """Logarithms of mean probabilities are logits of them."""
    return logarithms(torch.log_softmax(outputs, dim=2))


def labels(outputs: Tensor) -> Tensor:
    """The logit of the mean probability."""
    return logarithms(F.logsigmoid(outputs)) - logarithms(F.logsigmoid(-outputs))


def values(outputs: Tensor) -> Tensor:
    """The mean output."""
    return outputs.mean(dim=0)


def gaussians(width: int, outputs: Tensor) -> Tensor:
    """Mean and variance of the mixture of the models' normal distributions."""
    means, variances = outputs[:, :, :width], outputs[:, :, width:].exp()
    spread = means.var(dim=0, correction=0) + variances.mean(dim=0)
    return torch.cat([means.mean(dim=0), spread.log()], dim=1)


def thresholds(outputs: Tensor) -> Tensor:
    """The logits of the mean P(y > k), as a first one and how far each is below the one before."""
    falls = F.softplus(outputs[:, :, 1:]).cumsum(dim=2)
    logits = labels(torch.cat([outputs[:, :, :1], outputs[:, :, :1] - falls], dim=2))
    gaps = (logits[:, :-1] - logits[:, 1:]).clamp(min=_LEAST)
    return torch.cat([logits[:, :1], gaps + (-torch.expm1(-gaps)).log()], dim=1)  # the inverse of softplus


def conditions(outputs: Tensor) -> Tensor:
    """The logits of P(y > k | y > k - 1) in the mean distribution."""
    above = logarithms(F.logsigmoid(outputs).cumsum(dim=2))
    given = torch.cat([above[:, :1], above[:, 1:] - above[:, :-1]], dim=1).clamp(max=-_LEAST)
    return given - (-torch.expm1(given)).log()
