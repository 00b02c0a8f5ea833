"""Weighting by scalarization: one backward pass of a differentiable scalar function of the losses."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mtl_core.weighting.interface import (
    ForwardPass,
    SharedModel,
    Weighting,
    loss_values,
    match_state,
    participation_mask,
    weighted_backward,
)


class Scalarizer(ABC):
    """A differentiable scalar function of the K losses; the weight of a task is its partial derivative."""

    @abstractmethod
    def scalarize(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """Compute the scalar to minimize.

        Args:
            losses: [K], a leaf with gradient.
            present: [K] bool, which tasks are in the batch; None means all of them.

        Returns:
            0-d, differentiable in the losses and in the scalarizer's parameters.
        """

    def derivatives(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """[K] the scalar's derivatives by the losses; those by the scalarizer's parameters are left in their ``grad``.

        A scalarizer with a closed form of these should override this method, which is faster than autograd.
        """
        values = losses.detach().requires_grad_()
        torch.autograd.backward(self.scalarize(values, present))
        return torch.zeros_like(values) if values.grad is None else values.grad

    def parameters(self) -> dict[str, nn.Parameter]:
        """The parameters to train with the model's optimizer, by name."""
        return {}

    def epoch_end(self, mean_losses: Tensor) -> None:  # noqa: B027 (most do not need it)
        """Updates the scalarizer with the mean training losses of the finished epoch, [K]."""

    def buffers(self) -> dict[str, Tensor]:
        """Further state by name, not copied: loading a state writes to these tensors."""
        return {}


class LossScalarization(Weighting):
    """A weighting that minimizes a `Scalarizer` of the losses.

    The scalar's derivatives by the K losses are computed first; they are the weights, and seed one
    backward pass through the model. So the weights come for free, and for any scalarizer.

    Args:
        scalarizer: The function of the losses.
        initial: [K] the weights to report before the first step.
    """

    def __init__(self, scalarizer: Scalarizer, initial: Tensor) -> None:
        self.scalarizer = scalarizer
        self._weights = initial.detach().clone()

    def parameters(self) -> list[nn.Parameter]:
        """The scalarizer's parameters."""
        return list(self.scalarizer.parameters().values())

    def backward_parts(self, passes: Sequence[ForwardPass], model: SharedModel) -> None:
        """Compute the scalar's gradients of the model's and the scalarizer's parameters."""
        (forward_pass,) = passes
        mask = participation_mask(forward_pass.losses, forward_pass.present)
        self._weights = self.scalarizer.derivatives(loss_values(forward_pass.losses), mask)
        weighted_backward(forward_pass.losses, self._weights.unbind())

    def weights(self) -> Tensor:
        """[K] the derivatives of the scalar by the losses."""
        return self._weights

    def epoch_end(self, mean_losses: Tensor) -> None:
        """Pass the epoch's mean losses, [K], to the scalarizer."""
        self.scalarizer.epoch_end(mean_losses)

    def state_dict(self) -> dict[str, Tensor]:
        """A copy of the scalarizer's parameters and buffers, and the last weights."""
        state = {**self.scalarizer.parameters(), **self.scalarizer.buffers(), "weights": self._weights}
        return {name: tensor.detach().clone() for name, tensor in state.items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore the state in place, so that an optimizer keeps its references to the parameters."""
        loaded = match_state(state, self.state_dict())
        self._weights = loaded.pop("weights")
        targets = {**self.scalarizer.parameters(), **self.scalarizer.buffers()}
        with torch.no_grad():
            for name, tensor in loaded.items():
                targets[name].copy_(tensor)
