"""How far outputs are from those of another model, for knowledge distillation.

Of classes it is T² times the divergence of the distributions softened by a temperature T: probabilities to the power of
1/T, normalised (Hinton et al. 2015; Li & Hoiem 2016). Of numbers it is the squared error in training units, of counts
that of their logarithms, of boxes that of what is read from the outputs. It is 0 where the outputs are the same.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

Distance = Callable[[Tensor, Tensor, float], Tensor]
"""From a model's outputs and those it should have, both ``[N, …]``, and a temperature to their mean distance, 0-d."""


def classes(output: Tensor, wanted: Tensor, temperature: float) -> Tensor:
    """Of logits ``[N, C, …]``, a mean over rows and places."""
    log_p = torch.log_softmax(output / temperature, dim=1)
    log_q = torch.log_softmax(wanted / temperature, dim=1)
    return temperature**2 * F.kl_div(log_p, log_q, reduction="none", log_target=True).sum(1).mean()


def labels(output: Tensor, wanted: Tensor, temperature: float) -> Tensor:
    """Of a logit for each label, ``[N, L]``, a mean over rows and labels."""
    z, w = output / temperature, wanted / temperature
    q = torch.sigmoid(w)
    divergence = q * (F.logsigmoid(w) - F.logsigmoid(z)) + (1 - q) * (F.logsigmoid(-w) - F.logsigmoid(-z))
    return temperature**2 * divergence.mean()


def values(output: Tensor, wanted: Tensor, _: float) -> Tensor:
    """Of values in training units ``[N, W]``, a mean over all; a temperature means nothing to them."""
    return F.mse_loss(output, wanted)
