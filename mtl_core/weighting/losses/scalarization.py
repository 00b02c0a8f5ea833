"""Methods that are a differentiable function of the losses: one backward pass of a scalar."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mtl_core.weighting.interface import (
    Pass,
    SharedModel,
    Weighting,
    matching,
    presence,
    stacked,
    weighted_backward,
)


class Scalarizer(ABC):
    """A scalar function of the K losses; the weight of a task is its partial derivative."""

    @abstractmethod
    def total(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """The scalar to descend.

        Args:
            losses: [K], a leaf with gradient.
            present: [K] bool, or none when every task is in the batch.

        Returns:
            0-d, differentiable in the losses and in what the scalarizer learns.
        """

    def slopes(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """[K] the total's derivatives by the losses; those by what is learned are left in its ``grad``.

        A scalarizer that knows them in closed form says so here, which is faster.
        """
        values = losses.detach().requires_grad_()
        torch.autograd.backward(self.total(values, present))
        return torch.zeros_like(values) if values.grad is None else values.grad

    def learned(self) -> dict[str, nn.Parameter]:
        """What is learned with the model's optimiser, by name."""
        return {}

    def epoch_end(self, mean_losses: Tensor) -> None:  # noqa: B027 (most do not care)
        """Tells the mean training losses of the epoch that ended, [K]."""

    def memory(self) -> dict[str, Tensor]:
        """Further state of a resumed run, by name; loaded in place."""
        return {}


class Scalarized(Weighting):
    """Trains by a scalarizer.

    The scalar's derivatives by the losses are taken first, on K numbers; they are the weights, and seed one
    backward pass through the model. So the weights come for free, and for any scalarizer.

    Args:
        scalarizer: The function of the losses.
        initial: [K] the weights to show before the first step.
    """

    def __init__(self, scalarizer: Scalarizer, initial: Tensor) -> None:
        self.scalarizer = scalarizer
        self._weights = initial.detach().clone()

    def parameters(self) -> list[nn.Parameter]:
        """What the scalarizer learns."""
        return list(self.scalarizer.learned().values())

    def backward_parts(self, passes: Sequence[Pass], model: SharedModel) -> None:
        """The gradients of the scalar, on the model and on what the scalarizer learns."""
        (one,) = passes
        self._weights = self.scalarizer.slopes(stacked(one.losses), presence(one.losses, one.present))
        weighted_backward(one.losses, self._weights.unbind())

    def weights(self) -> Tensor:
        """[K] the derivatives of the scalar by the losses."""
        return self._weights

    def epoch_end(self, mean_losses: Tensor) -> None:
        """Hands the epoch's mean losses, [K], to the scalarizer."""
        self.scalarizer.epoch_end(mean_losses)

    def state_dict(self) -> dict[str, Tensor]:
        """What the scalarizer learned and remembers, and the last weights."""
        state = {**self.scalarizer.learned(), **self.scalarizer.memory(), "weights": self._weights}
        return {name: tensor.detach().clone() for name, tensor in state.items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Takes the state back, in place, so that an optimiser keeps its hold of what is learned."""
        loaded = matching(state, self.state_dict())
        self._weights = loaded.pop("weights")
        targets = {**self.scalarizer.learned(), **self.scalarizer.memory()}
        with torch.no_grad():
            for name, tensor in loaded.items():
                targets[name].copy_(tensor)
