"""Weighting by constant loss weights."""

from collections.abc import Sequence

from torch import Tensor

from mtl_core.weighting.interface import ForwardPass, SharedModel, Weighting, weighted_backward


class FixedWeights(Weighting):
    """The weighted sum of the losses, with weights that do not depend on the losses.

    It costs no more than ``sum(w * l).backward()``: the weights are split once, and passed directly to the
    backward pass.

    Args:
        weights: [K] on the losses' device.
    """

    def __init__(self, weights: Tensor) -> None:
        self._weights = weights.detach().clone()
        self._weight_list = self._weights.unbind()

    @property
    def constant(self) -> bool:
        """True: only `set_weights` changes the weights."""
        return True

    def set_weights(self, weights: Tensor) -> None:
        """Replace the weights, [K], from the next step on."""
        self._weights = weights.detach().clone()
        self._weight_list = self._weights.unbind()

    def backward_parts(self, passes: Sequence[ForwardPass], model: SharedModel) -> None:
        """Run one backward pass of the weighted sum; a task missing from the batch adds nothing to it."""
        (forward_pass,) = passes
        weighted_backward(forward_pass.losses, self._weight_list)

    def weights(self) -> Tensor:
        """[K] the weights."""
        return self._weights
