"""What a task takes from each of several experts."""

from collections.abc import Sequence
from itertools import product
from math import prod

import torch
from torch import Tensor, nn

from mtl_core.spec.reports import Shape

_EPSILON = 1e-6


class Gate(nn.Module):
    """Gives every row a weight per expert ``[N, experts]``."""

    def penalty(self, rows: Tensor) -> Tensor | None:
        """What it adds to the losses for rows ``[N, *shape]``, 0-d; None: nothing."""
        return None


class SoftmaxGate(Gate):
    """The softmax of a linear map of a row without offset (Ma et al., MMoE, KDD 2018); weights add up to 1.

    Args:
        shape: A row's; what has several dimensions is flattened.
        experts: How many.
    """

    def __init__(self, shape: Shape, experts: int) -> None:
        super().__init__()
        self.linear = nn.Linear(prod(shape), experts, bias=False)

    def forward(self, rows: Tensor) -> Tensor:
        """``[N, experts]`` from ``[N, *shape]``."""
        return torch.softmax(self.linear(rows.flatten(1)), dim=1)


class DselectKGate(Gate):
    """At most k of n experts once it has decided, and differentiable on the way (Hazimeh et al., NeurIPS 2021).

    Each of k selectors spells an expert's number by smooth-step bits; their choices are mixed by a softmax. For n a
    power of two the weights add up to 1; otherwise some spellings name no expert, and the penalty keeps selectors from
    them: entropy x sum over selectors of (entropy of the choice + 1 / its sum).

    Args:
        shape: A row's; flattened.
        experts: n.
        selected: k.
        gamma: Width of the smooth step.
        entropy: How strongly it is drawn to a clear choice.
        per_row: Whether a linear map of the row moves the choice.
    """

    codes: Tensor

    def __init__(
        self, shape: Shape, experts: int, *, selected: int, gamma: float, entropy: float, per_row: bool
    ) -> None:
        super().__init__()
        bits = (experts - 1).bit_length()
        self._gamma, self._entropy = gamma, entropy
        self.bits = nn.Parameter(torch.empty(selected, bits).uniform_(-gamma / 100, gamma / 100))
        self.mix = nn.Parameter(torch.empty(selected).uniform_(-0.05, 0.05))
        self.to_bits = nn.Linear(prod(shape), selected * bits, bias=False) if per_row and bits else None
        self.to_mix = nn.Linear(prod(shape), selected, bias=False) if per_row and bits else None
        if self.to_bits is not None and self.to_mix is not None:
            nn.init.uniform_(self.to_bits.weight, -gamma / 100, gamma / 100)
            nn.init.uniform_(self.to_mix.weight, -0.05, 0.05)
        spelled = list(product((0.0, 1.0), repeat=bits))[:experts]
        self.register_buffer("codes", torch.tensor(spelled).view(experts, bits), persistent=False)

    def forward(self, rows: Tensor) -> Tensor:
        """``[N, experts]`` from ``[N, *shape]``."""
        mix = self.mix[None]
        if self.to_mix is not None:
            mix = mix + self.to_mix(rows.flatten(1))
        weights = (torch.softmax(mix, dim=1)[..., None] * self._chosen(rows)).sum(dim=1)
        return weights.expand(len(rows), -1)

    def _chosen(self, rows: Tensor) -> Tensor:
        """``[N or 1, selected, experts]``: per expert, the product of its bits or their complements."""
        bits = self.bits[None]
        if self.to_bits is not None:
            bits = bits + self.to_bits(rows.flatten(1)).view(len(rows), *self.bits.shape)
        bits = smooth_step(bits, self._gamma)[..., None, :]
        return torch.where(self.codes > 0, bits, 1 - bits).prod(dim=-1)

    def penalty(self, rows: Tensor) -> Tensor | None:
        """Of the choices for some rows, their mean."""
        return self._entropy * _undecided(self._chosen(rows)) if self._entropy else None


def smooth_step(t: Tensor, gamma: float) -> Tensor:
    """0 up to -gamma/2, 1 from gamma/2 on, a cubic with flat ends between."""
    t = (t / gamma).clamp(-0.5, 0.5)
    return -2 * t**3 + 1.5 * t + 0.5


def _undecided(chosen: Tensor) -> Tensor:
    entropy = -(chosen * torch.log(chosen + _EPSILON)).sum(dim=-1)
    nowhere = 1 / chosen.sum(dim=-1).clamp(min=_EPSILON)
    return (entropy + nowhere).sum(dim=1).mean()


def mixed(weights: Tensor, experts: Sequence[Tensor]) -> Tensor:
    """The weighted sum of the experts.

    Args:
        weights: ``[N, experts]``.
        experts: Each ``[N, …]``.
    """
    shape = (-1, *[1] * (experts[0].dim() - 1))
    total = weights[:, 0].view(shape) * experts[0]
    for number, expert in enumerate(experts[1:], 1):
        total = total + weights[:, number].view(shape) * expert
    return total
