"""Methods that combine the tasks' gradients of the shared parameters."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mtl_core.weighting.interface import SharedModel, Weighting, matching, stacked, taking_part

_CHUNK = 1 << 18
"""Columns of a Jacobian turned to float64 at a time: 2 MB a row."""


class Aggregator(ABC):
    """From the gradients of K tasks to one direction."""

    @abstractmethod
    def combine(self, jacobian: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
        """One direction for all tasks.

        Args:
            jacobian: [K, P] a task's gradient per row; not to be kept, its memory is used again.
            losses: [K] the losses.

        Returns:
            [P] what becomes the gradient of the shared parameters, and [K] the weights to show for it.
        """

    def memory(self) -> dict[str, Tensor]:
        """State of a resumed run, by name; loaded in place."""
        return {}


Array = NDArray[np.float64]

GramianRule = Callable[[Array, Tensor], tuple[Array, Array]]
"""From the Gramian [K, K] and the losses [K], a tensor where the model is, to what each gradient is multiplied by and
what to show as its weight, [K] each."""


class GramianAggregator(Aggregator):
    """A direction that is a weighted sum of the gradients, with weights that follow from their inner products.

    The inner products are taken in float64, so that a rule is not at the mercy of rows of very different
    length; it computes with K² numbers, in NumPy, and waits for the device once.

    Args:
        rule: What the weights are.
    """

    def __init__(self, rule: GramianRule) -> None:
        self._rule = rule

    def combine(self, jacobian: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
        """The weighted sum, and the weights to show."""
        factors, shown = self._rule(gramian(jacobian).cpu().numpy(), losses)
        direction = torch.from_numpy(factors).to(jacobian) @ jacobian
        return direction, torch.from_numpy(shown).to(losses)


def gramian(jacobian: Tensor) -> Tensor:
    """[K, K] float64 inner products of the rows of a [K, P] Jacobian."""
    if jacobian.shape[1] <= _CHUNK:
        exact = jacobian.double()
        return exact @ exact.mT
    return torch.stack([gramian(part) for part in torch.split(jacobian, _CHUNK, dim=1)]).sum(dim=0)


class Aggregated(Weighting):
    """Trains by an aggregator: one backward pass per task, no pass beside them.

    A pass leaves the task's plain gradient on its head, where it stays, and on the shared parameters, where it
    is taken off as a row of the Jacobian. Parameters that a task does not reach count as zeros in its row;
    frozen ones are not looked at.

    Args:
        aggregator: How the rows become one direction.
        ones: [K] ones where the losses will be, shown as weights before the first step.
    """

    def __init__(self, aggregator: Aggregator, ones: Tensor) -> None:
        self.aggregator = aggregator
        self._weights = ones
        self._buffer = torch.empty(0)

    def backward(self, losses: Sequence[Tensor], model: SharedModel, present: Sequence[bool] | None = None) -> None:
        """The aggregated gradient on the shared parameters, each loss's plain gradient on all others."""
        rows = [row for row, here in enumerate(taking_part(losses, present)) if here]
        shared = [parameter for parameter in model.shared_parameters() if parameter.requires_grad]
        values = stacked(losses)
        if not rows:
            self._weights = torch.zeros_like(values)
            return
        with torch.no_grad():
            direction, used = self.aggregator.combine(
                self._jacobian([losses[row] for row in rows], shared), values[rows]
            )
            _write(direction, shared)
            self._weights = used if len(rows) == len(losses) else _scattered(used, rows, len(losses))

    def _jacobian(self, losses: Sequence[Tensor], shared: Sequence[nn.Parameter]) -> Tensor:
        """[K, P]; the last pass frees the graph."""
        jacobian = self._rows(len(losses), shared)
        for row, loss in enumerate(losses):
            for parameter in shared:
                parameter.grad = None
            torch.autograd.backward(loss, retain_graph=row < len(losses) - 1)
            if shared:
                torch.cat([_flat_gradient(parameter) for parameter in shared], out=jacobian[row])
        return jacobian

    def _rows(self, count: int, shared: Sequence[nn.Parameter]) -> Tensor:
        """Memory for a Jacobian, kept from step to step: fresh pages cost more than filling them."""
        like = shared[0] if shared else self._weights
        size = (count, sum(parameter.numel() for parameter in shared))
        if self._buffer.shape != size or self._buffer.dtype != like.dtype or self._buffer.device != like.device:
            self._buffer = torch.empty(size, dtype=like.dtype, device=like.device)
        return self._buffer

    def weights(self) -> Tensor:
        """[K] what the aggregator shows as weights; 0 for a task that was missing from the batch."""
        return self._weights

    def state_dict(self) -> dict[str, Tensor]:
        """What the aggregator remembers, and the last weights."""
        state = {**self.aggregator.memory(), "weights": self._weights}
        return {name: tensor.detach().clone() for name, tensor in state.items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Takes the state back, in place."""
        loaded = matching(state, self.state_dict())
        self._weights = loaded.pop("weights")
        memory = self.aggregator.memory()
        for name, tensor in loaded.items():
            memory[name].copy_(tensor)


def _flat_gradient(parameter: nn.Parameter) -> Tensor:
    gradient = parameter.grad
    return parameter.new_zeros(parameter.numel()) if gradient is None else gradient.reshape(-1)


def _write(direction: Tensor, shared: Sequence[nn.Parameter]) -> None:
    parts = torch.split(direction, [parameter.numel() for parameter in shared])
    for parameter, part in zip(shared, parts, strict=True):
        parameter.grad = part.view(parameter.shape).to(parameter.dtype)


def _scattered(used: Tensor, rows: list[int], count: int) -> Tensor:
    weights = used.new_zeros(count)
    weights[rows] = used
    return weights
