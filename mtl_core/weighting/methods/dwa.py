"""Dynamic weight average (Liu, Johns & Davison: End-to-End Multi-Task Learning with Attention, CVPR 2019)."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mtl_core.spec.weighting import DwaWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.interface import ForwardPass, SharedModel, Weighting, match_state
from mtl_core.weighting.losses.fixed_weights import FixedWeights


class DynamicWeightAverage(Weighting):
    """Weights K·softmax(r/T), where r is the ratio of a task's mean losses of the last two epochs.

    They are 1 in the first two epochs, change at the end of an epoch only, and add up to K. A ratio that is not
    finite (a loss of 0, no labels in an epoch, a diverged epoch) counts as 1: the task's training rate is unknown.

    Args:
        ones: [K] ones on the losses' device.
        temperature: T; a higher one gives more equal weights.
    """

    def __init__(self, ones: Tensor, temperature: float) -> None:
        self._temperature = temperature
        self._fixed = FixedWeights(ones)
        self._history = torch.full((2, len(ones)), torch.nan, device=ones.device, dtype=ones.dtype)

    def backward_parts(self, passes: Sequence[ForwardPass], model: SharedModel) -> None:
        """Run one backward pass of the weighted sum."""
        self._fixed.backward_parts(passes, model)

    def weights(self) -> Tensor:
        """[K] the current epoch's weights."""
        return self._fixed.weights()

    def epoch_end(self, mean_losses: Tensor) -> None:
        """Compute the next epoch's weights from the mean losses of this epoch and the one before."""
        self._history = torch.stack([self._history[1], mean_losses.detach().to(self._history)])
        ratios = self._history[1] / self._history[0]
        finite_ratios = ratios.where(ratios.isfinite(), 1.0)
        self._fixed.set_weights(len(finite_ratios) * torch.softmax(finite_ratios / self._temperature, dim=0))

    def state_dict(self) -> dict[str, Tensor]:
        """The mean losses of the last two epochs, [2, K], and the weights, [K]."""
        return {"history": self._history.clone(), "weights": self.weights().clone()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore the mean losses and the weights."""
        loaded = match_state(state, self.state_dict())
        self._history = loaded["history"]
        self._fixed.set_weights(loaded["weights"])


def build(spec: DwaWeighting, context: WeightingContext) -> DynamicWeightAverage:
    """Build DWA with the spec's temperature."""
    return DynamicWeightAverage(context.ones, spec.temperature)
