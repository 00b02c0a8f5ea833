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

    parts: int = 1
    """In how many independent parts of a batch the gradients are wanted; with more than one, see `combine_parts`."""

    @abstractmethod
    def combine(self, jacobian: Tensor, losses: Tensor, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """One direction for all tasks.

        Args:
            jacobian: [K, P] a task's gradient per row; not to be kept, its memory is used again.
            losses: [K] the losses.
            rows: Which tasks the rows are of; none when all tasks are there, in their order.

        Returns:
            [P] what becomes the gradient of the shared parameters, and [K] the weights to show for it.
        """

    def combine_parts(
        self, jacobians: Sequence[Tensor], losses: Tensor, rows: Sequence[int] | None = None
    ) -> tuple[Tensor, Tensor]:
        """The same from the gradients on independent parts of the batch, at the same parameters.

        Args:
            jacobians: `parts` Jacobians, [K, P] each.
            losses: [K] the losses of the whole batch.
            rows: As for `combine`.
        """
        return self.combine(jacobians[0], losses, rows)

    def memory(self) -> dict[str, Tensor]:
        """State of a resumed run, by name."""
        return {}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Takes back what `memory` gave, in place.

        Raises:
            InputError: The names or shapes are not those of this method and number of tasks.
        """
        memory = self.memory()
        for name, tensor in matching(state, memory).items():
            memory[name].copy_(tensor)


Array = NDArray[np.float64]

GramianRule = Callable[[Array, Tensor], tuple[Array, Array]]
"""From the Gramian [K, K] and the losses [K], a tensor where the model is, to what each gradient is multiplied by and
what to show as its weight, [K] each."""


class GramianMethod(Aggregator):
    """A direction that is a weighted sum of the gradients, with weights that follow from their inner products.

    The inner products are taken in float64, so that a rule is not at the mercy of rows of very different
    length; it computes with K² numbers, in NumPy, and waits for the device once.
    """

    @abstractmethod
    def factors(self, gramian: Array, losses: Tensor, rows: Sequence[int] | None) -> tuple[Array, Array]:
        """What each gradient is multiplied by, and what to show as its weight, [K] each.

        Args:
            gramian: [K, K] inner products.
            losses: [K], where the model is.
            rows: As for `combine`.
        """

    def combine(self, jacobian: Tensor, losses: Tensor, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """The weighted sum, and the weights to show."""
        factors, shown = self.factors(gramian(jacobian).cpu().numpy(), losses, rows)
        direction = torch.from_numpy(factors).to(jacobian) @ jacobian
        return direction, torch.from_numpy(shown).to(losses)


class GramianAggregator(GramianMethod):
    """A Gramian method that treats all tasks alike and remembers nothing.

    Args:
        rule: What the weights are.
    """

    def __init__(self, rule: GramianRule) -> None:
        self._rule = rule

    def factors(self, gramian: Array, losses: Tensor, rows: Sequence[int] | None) -> tuple[Array, Array]:
        """Those of the rule."""
        return self._rule(gramian, losses)


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
                self._jacobian([losses[row] for row in rows], shared), values[rows], _some(rows, len(losses))
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
        own = {name: tensor for name, tensor in state.items() if name == "weights"}
        weights = matching(own, {"weights": self._weights})["weights"]
        self.aggregator.load({name: tensor for name, tensor in state.items() if name not in own})
        self._weights = weights


def _flat_gradient(parameter: nn.Parameter) -> Tensor:
    gradient = parameter.grad
    return parameter.new_zeros(parameter.numel()) if gradient is None else gradient.reshape(-1)


def _write(direction: Tensor, shared: Sequence[nn.Parameter]) -> None:
    parts = torch.split(direction, [parameter.numel() for parameter in shared])
    for parameter, part in zip(shared, parts, strict=True):
        parameter.grad = part.view(parameter.shape).to(parameter.dtype)


def _some(rows: list[int], count: int) -> list[int] | None:
    return None if len(rows) == count else rows


def _scattered(used: Tensor, rows: list[int], count: int) -> Tensor:
    weights = used.new_zeros(count)
    weights[rows] = used
    return weights
