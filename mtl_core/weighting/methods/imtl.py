"""IMTL, both parts (Liu, Li, Kuang et al.: Towards Impartial Multi-task Learning, ICLR 2021)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mtl_core.spec.weighting import ImtlWeighting
from mtl_core.weighting.gradients.aggregation import Aggregated, Array, GramianMethod
from mtl_core.weighting.methods.imtl_g import impartial_weights
from mtl_core.weighting.setup import Setup


class ImpartialMethod(GramianMethod):
    """IMTL-G on the gradients of exp(s)·L, with the log-factors s learned by IMTL-L.

    s descends exp(s)·L - s whatever the weights of the gradients are; that of a task missing from the batch stays.
    The direction is the sum of w·exp(s)·g; the weights w, which add up to 1, are what is shown.

    Args:
        ones: [K] ones where the losses will be.
        initial: s at the start.
    """

    def __init__(self, ones: Tensor, initial: float) -> None:
        self.log_factors = nn.Parameter(torch.full_like(ones, initial))

    def factors(self, gramian: Array, losses: Tensor, rows: Sequence[int] | None) -> tuple[Array, Array]:
        """The impartial weights of the scaled gradients; leaves the gradient of s."""
        part = list(range(len(self.log_factors)) if rows is None else rows)
        scales = torch.exp(self.log_factors.detach())[part]
        gradient = torch.zeros_like(self.log_factors)
        gradient[part] = scales * losses.to(scales) - 1
        self.log_factors.grad = gradient
        scale = scales.double().cpu().numpy()
        weights = impartial_weights(gramian * scale * scale[:, None])
        return weights * scale, weights

    def memory(self) -> dict[str, Tensor]:
        """The log-factors, [K]."""
        return {"log_factors": self.log_factors.detach()}


class Impartial(Aggregated):
    """Trains by both parts; the heads get the plain gradients of their losses."""

    aggregator: ImpartialMethod

    def parameters(self) -> list[nn.Parameter]:
        """The log-factors."""
        return [self.aggregator.log_factors]


def build(spec: ImtlWeighting, setup: Setup) -> Impartial:
    """With the spec's initial log-factor."""
    return Impartial(ImpartialMethod(setup.ones, spec.initial), setup.ones / len(setup.names))
