"""The base class of weightings that wrap another weighting (decorator pattern)."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn

from mtl_core.weighting.interface import ForwardPass, SharedModel, Weighting


class DelegatingWeighting(Weighting):
    """Delegates every call to the wrapped weighting; subclasses override what they change.

    Args:
        method: The wrapped weighting.
    """

    def __init__(self, method: Weighting) -> None:
        self.method = method

    @property
    def delegate(self) -> Weighting:
        """The weighting that computes the steps; the wrapped one unless a subclass replaces it."""
        return self.method

    @property
    def detach_representation(self) -> Literal["never", "when_costly", "always"]:  # type: ignore[override]
        """Whether the delegate needs the forward pass detached at the shared representation."""
        return self.delegate.detach_representation

    @property
    def batch_parts(self) -> int:  # type: ignore[override]
        """Number of independent parts of a batch that the delegate needs."""
        return self.delegate.batch_parts

    @property
    def needs_losses_after_step(self) -> bool:  # type: ignore[override]
        """Whether the delegate needs the losses after the optimizer step."""
        return self.delegate.needs_losses_after_step

    @property
    def constant(self) -> bool:
        """Whether the delegate's weights never change during training."""
        return self.delegate.constant

    def parameters(self) -> list[nn.Parameter]:
        """The wrapped weighting's own parameters, also while another delegate computes the steps."""
        return self.method.parameters()

    def backward_parts(self, passes: Sequence[ForwardPass], model: SharedModel) -> None:
        """Run the delegate's backward pass."""
        self.delegate.backward_parts(passes, model)

    def weights(self) -> Tensor:
        """[K] the delegate's weights."""
        return self.delegate.weights()

    def epoch_end(self, mean_losses: Tensor) -> None:
        """Pass the epoch's mean losses to the wrapped weighting."""
        self.method.epoch_end(mean_losses)

    def observe(self, losses: Tensor, present: Sequence[bool] | None = None) -> None:
        """Pass the losses after the step to the delegate."""
        self.delegate.observe(losses, present)
