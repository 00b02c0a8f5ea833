"""Weights that are known before the losses are."""

from collections.abc import Sequence

from torch import Tensor

from mtl_core.weighting.interface import Pass, SharedModel, Weighting, weighted_backward


class FixedWeights(Weighting):
    """The weighted sum of the losses, with weights that stay until someone sets others.

    It costs no more than ``sum(w * l).backward()``: the weights are split once, and go straight into the
    backward pass.

    Args:
        weights: [K] on the losses' device.
    """

    def __init__(self, weights: Tensor) -> None:
        self.set_weights(weights)

    @property
    def constant(self) -> bool:
        """They do not change by themselves."""
        return True

    def set_weights(self, weights: Tensor) -> None:
        """Uses these weights, [K], from the next step on."""
        self._weights = weights.detach().clone()
        self._split = self._weights.unbind()

    def backward_parts(self, passes: Sequence[Pass], model: SharedModel) -> None:
        """One backward pass; a task missing from the batch adds nothing to it."""
        (one,) = passes
        weighted_backward(one.losses, self._split)

    def weights(self) -> Tensor:
        """[K] the weights as set."""
        return self._weights
