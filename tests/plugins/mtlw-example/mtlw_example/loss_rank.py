"""Weights by the rank of a task's loss."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mtl_core.weighting import ForwardPass, SharedModel, Weighting, WeightingContext, match_state, weighted_backward
from mtlw_example.specs import LossRankWeighting


class LossRank(Weighting):
    """Weights decay^rank, scaled to add up to the number of tasks; rank 0 has the highest loss.

    Args:
        ones: [K] ones where the losses will be.
        decay: The ratio of two neighboring weights.
    """

    def __init__(self, ones: Tensor, decay: float) -> None:
        powers = decay ** torch.arange(len(ones), device=ones.device, dtype=ones.dtype)
        self._by_rank = powers * (len(ones) / powers.sum())
        self._weights = ones

    def backward_parts(self, passes: Sequence[ForwardPass], model: SharedModel) -> None:
        """One backward pass of the weighted sum."""
        (only,) = passes
        losses = torch.stack([loss.detach() for loss in only.losses])
        self._weights = torch.empty_like(self._by_rank)
        self._weights[losses.argsort(descending=True, stable=True)] = self._by_rank
        weighted_backward(only.losses, self._weights.unbind())

    def weights(self) -> Tensor:
        """[K] the weights of the last step."""
        return self._weights

    def state_dict(self) -> dict[str, Tensor]:
        """The last weights, which are shown."""
        return {"weights": self._weights.clone()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take them back."""
        self._weights = match_state(state, self.state_dict())["weights"]


def build(spec: LossRankWeighting, context: WeightingContext) -> LossRank:
    """The method as it is set."""
    return LossRank(context.ones, spec.decay)
