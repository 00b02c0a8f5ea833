"""Gates that weight the outputs of several experts: softmax and DSelect-k."""

from collections.abc import Sequence
from itertools import product
from math import prod

import torch
from torch import Tensor, nn

from mtl_core.spec.reports import Shape

_EPSILON = 1e-6


class Gate(nn.Module):
    """Base class of gates, which compute a weight per row and expert ``[N, experts]``."""

    def penalty(self, rows: Tensor) -> Tensor | None:
        """The gate's penalty for rows ``[N, *shape]``, 0-d; None if it has none."""
        return None


class SoftmaxGate(Gate):
    """Softmax gate: a linear map of the row without bias, then softmax (Ma et al., MMoE, KDD 2018).

    Args:
        shape: Shape of a row, which is flattened.
        experts: Number of experts.
    """

    def __init__(self, shape: Shape, experts: int) -> None:
        super().__init__()
        self.linear = nn.Linear(prod(shape), experts, bias=False)

    def forward(self, rows: Tensor) -> Tensor:
        """Computes weights ``[N, experts]`` from rows ``[N, *shape]``."""
        return torch.softmax(self.linear(rows.flatten(1)), dim=1)


class DselectKGate(Gate):
    """DSelect-k gate: differentiable selection of at most k of n experts (Hazimeh et al., NeurIPS 2021).

    Each of k selectors encodes an expert's number in smooth-step bits; a softmax mixes the selectors. For n a power of
    two the weights add up to 1; otherwise some codes belong to no expert, and the penalty keeps selectors from them:
    entropy x sum over selectors of (entropy of the selector's weights + 1 / their sum).

    Args:
        shape: Shape of a row, which is flattened.
        experts: n.
        selected: k.
        gamma: Width of the smooth step.
        entropy: Strength of the penalty.
        per_row: Whether a linear map of the row is added to the selection.
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
        codes = list(product((0.0, 1.0), repeat=bits))[:experts]
        self.register_buffer("codes", torch.tensor(codes).view(experts, bits), persistent=False)

    def forward(self, rows: Tensor) -> Tensor:
        """Computes weights ``[N, experts]`` from rows ``[N, *shape]``."""
        mix = self.mix[None]
        if self.to_mix is not None:
            mix = mix + self.to_mix(rows.flatten(1))
        weights = (torch.softmax(mix, dim=1)[..., None] * self._selector_weights(rows)).sum(dim=1)
        return weights.expand(len(rows), -1)

    def _selector_weights(self, rows: Tensor) -> Tensor:
        """``[N or 1, selected, experts]``: per expert, the product of its bits or their complements."""
        bits = self.bits[None]
        if self.to_bits is not None:
            bits = bits + self.to_bits(rows.flatten(1)).view(len(rows), *self.bits.shape)
        bits = smooth_step(bits, self._gamma)[..., None, :]
        return torch.where(self.codes > 0, bits, 1 - bits).prod(dim=-1)

    def penalty(self, rows: Tensor) -> Tensor | None:
        """The mean penalty of the selection over rows."""
        return self._entropy * _selection_penalty(self._selector_weights(rows)) if self._entropy else None


def smooth_step(t: Tensor, gamma: float) -> Tensor:
    """Smooth step: 0 up to -gamma/2, 1 from gamma/2 on, and a cubic between."""
    t = (t / gamma).clamp(-0.5, 0.5)
    return -2 * t**3 + 1.5 * t + 0.5


def _selection_penalty(selector_weights: Tensor) -> Tensor:
    entropy = -(selector_weights * torch.log(selector_weights + _EPSILON)).sum(dim=-1)
    inverse_mass = 1 / selector_weights.sum(dim=-1).clamp(min=_EPSILON)
    return (entropy + inverse_mass).sum(dim=1).mean()


def mix_outputs(weights: Tensor, experts: Sequence[Tensor]) -> Tensor:
    """Computes the weighted sum of expert outputs.

    Args:
        weights: ``[N, experts]``.
        experts: Each ``[N, …]``, or ``[N·k, …]`` if the experts begin k members.
    """
    if (members := len(experts[0]) // len(weights)) > 1:
        weights = weights.repeat_interleave(members, dim=0)
    shape = (-1, *[1] * (experts[0].dim() - 1))
    total = weights[:, 0].view(shape) * experts[0]
    for number, expert in enumerate(experts[1:], 1):
        total = total + weights[:, number].view(shape) * expert
    return total
