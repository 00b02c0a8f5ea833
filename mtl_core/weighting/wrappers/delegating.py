"""A method in the hands of something that changes what it is given, or when it is asked."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn

from mtl_core.weighting.interface import Pass, SharedModel, Weighting


class Around(Weighting):
    """Does in everything as the method in charge does; what differs is said by those who inherit.

    Args:
        method: The method.
    """

    def __init__(self, method: Weighting) -> None:
        self.method = method

    @property
    def in_charge(self) -> Weighting:
        """Who makes the steps."""
        return self.method

    @property
    def cuts(self) -> Literal["never", "dear", "always"]:  # type: ignore[override]
        """Whether the method in charge wants the forward pass cut."""
        return self.in_charge.cuts

    @property
    def parts(self) -> int:  # type: ignore[override]
        """How many parts of a batch the method in charge wants."""
        return self.in_charge.parts

    @property
    def looks_again(self) -> bool:  # type: ignore[override]
        """Whether the method in charge wants to see the losses after the step."""
        return self.in_charge.looks_again

    @property
    def constant(self) -> bool:
        """Whether the weights in use never change by themselves."""
        return self.in_charge.constant

    def parameters(self) -> list[nn.Parameter]:
        """What the method learns, also while it is not in charge."""
        return self.method.parameters()

    def backward_parts(self, passes: Sequence[Pass], model: SharedModel) -> None:
        """By the method in charge."""
        self.in_charge.backward_parts(passes, model)

    def weights(self) -> Tensor:
        """[K] the weights in use."""
        return self.in_charge.weights()

    def epoch_end(self, mean_losses: Tensor) -> None:
        """Tells the method."""
        self.method.epoch_end(mean_losses)

    def observe(self, losses: Tensor, present: Sequence[bool] | None = None) -> None:
        """Tells the method in charge."""
        self.in_charge.observe(losses, present)
