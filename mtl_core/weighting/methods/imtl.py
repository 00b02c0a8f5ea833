"""IMTL, both parts (Liu, Li, Kuang et al.: Towards Impartial Multi-task Learning, ICLR 2021)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mtl_core.spec.weighting import ImtlWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.gradients.aggregation import Array, GradientAggregation, GramianAggregator
from mtl_core.weighting.methods.imtl_g import impartial_weights


class ImtlAggregator(GramianAggregator):
    """IMTL: IMTL-G on the gradients of exp(s)·L, with the log-factors s learned by IMTL-L.

    s minimizes exp(s)·L - s, independently of the gradients' weights; a task missing from the batch keeps its s.
    The direction is the sum of w·exp(s)·g; the weights w, which add up to 1, are reported.

    Args:
        ones: [K] ones on the losses' device.
        initial: Initial value of s.
    """

    def __init__(self, ones: Tensor, initial: float) -> None:
        self.log_factors = nn.Parameter(torch.full_like(ones, initial))

    def factors(self, gramian: Array, losses: Tensor, rows: Sequence[int] | None) -> tuple[Array, Array]:
        """The impartial weights of the scaled gradients; also sets the ``grad`` of s."""
        tasks = list(range(len(self.log_factors)) if rows is None else rows)
        scales = torch.exp(self.log_factors.detach())[tasks]
        gradient = torch.zeros_like(self.log_factors)
        gradient[tasks] = scales * losses.to(scales) - 1
        self.log_factors.grad = gradient
        scale = scales.double().cpu().numpy()
        weights = impartial_weights(gramian * scale * scale[:, None])
        return weights * scale, weights

    def buffers(self) -> dict[str, Tensor]:
        """The log-factors, [K]."""
        return {"log_factors": self.log_factors.detach()}


class Imtl(GradientAggregation):
    """The weighting of both parts of IMTL; the heads get the plain gradients of their losses."""

    aggregator: ImtlAggregator

    def parameters(self) -> list[nn.Parameter]:
        """The log-factors."""
        return [self.aggregator.log_factors]


def build(spec: ImtlWeighting, context: WeightingContext) -> Imtl:
    """Build IMTL with the spec's initial log-factor."""
    return Imtl(ImtlAggregator(context.ones, spec.initial), context.ones / len(context.names))
