"""Methods that combine the tasks' gradients of the shared parameters."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mtl_core.spec import InputError
from mtl_core.weighting.gradients.jacobian import Jacobian, flat
from mtl_core.weighting.gradients.products import gramian, weighted_sum
from mtl_core.weighting.interface import Pass, SharedModel, Weighting, matching, stacked, taking_part

_FEW = 4
"""So many whole backward passes take no longer than going through all shared layers at once does with its cut."""


Level = Literal["parameters", "last_layer", "representation"]


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

    def weigh(self, jacobian: Tensor, losses: Tensor, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """What each task's gradient is multiplied by and the weight to show for it, [K] each; arguments of `combine`.

        Raises:
            InputError: The direction is not a weighted sum of the gradients.
        """
        rule = "the direction of this method is no weighted sum of the gradients"
        raise InputError("weighting.level", rule, found="last_layer", fix="Take all shared parameters.")

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
        products = gramian(jacobian).cpu().numpy()
        factors, shown = self.factors(products, losses, rows)
        return weighted_sum(factors, jacobian, products), torch.from_numpy(shown).to(losses)

    def weigh(self, jacobian: Tensor, losses: Tensor, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """By the factors."""
        factors, shown = self.factors(gramian(jacobian).cpu().numpy(), losses, rows)
        return torch.from_numpy(factors).to(jacobian), torch.from_numpy(shown).to(losses)


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


class Aggregated(Weighting):
    """Trains by an aggregator.

    Where the forward pass was cut at the shared representation, the heads are gone through once, and then the shared
    layers as the level needs it. Otherwise every task has a whole backward pass, which leaves its plain gradient on its
    head, and on the shared parameters, where it is taken off as a row of the Jacobian. Parameters that a task does not
    reach count as zeros in its row; frozen ones are not looked at.

    Args:
        aggregator: How the rows become one direction.
        ones: [K] ones where the losses will be, shown as weights before the first step.
        level: Whose gradients are compared: ``parameters``, all shared ones, one backward pass of the shared layers a
            task; ``last_layer``, and the weights found there hold for all shared layers, one pass; or
            ``representation``, what the shared layers give for this batch, one pass.
    """

    def __init__(self, aggregator: Aggregator, ones: Tensor, level: Level = "parameters") -> None:
        self.aggregator = aggregator
        self.level = level
        self.parts = aggregator.parts
        self._weights = ones
        self._jacobians = [Jacobian(ones) for _ in range(self.parts)]

    @property
    def cuts(self) -> Literal["dear", "always"]:  # type: ignore[override]
        """Always, but for whole backward passes of few tasks, or through a trunk that takes one for each task anyway.

        That is known after the first step, whose gradients are the same to the bit.
        """
        if self.level != "parameters" or self.parts > 1:
            return "always"
        return "dear" if len(self._weights) <= _FEW or self._jacobians[0].one_by_one else "always"

    def backward_parts(self, passes: Sequence[Pass], model: SharedModel) -> None:
        """The aggregated gradient on the shared parameters, each loss's plain gradient on all others.

        A task takes part that has labels in all parts of the batch.
        """
        here = [taking_part(one.losses, one.present) for one in passes]
        rows = [row for row in range(len(here[0])) if all(part[row] for part in here)]
        values = _mean(passes)
        if not rows:
            self._weights = torch.zeros_like(values)
            return
        if len(rows) == len(values):
            self._weights = self._update(passes, rows, values, model)
        else:
            self._weights = _scattered(self._update(passes, rows, values[rows], model), rows, len(values))

    def _update(self, passes: Sequence[Pass], rows: list[int], values: Tensor, model: SharedModel) -> Tensor:
        for one in passes:
            if one.cut is not None:
                _through_heads(one, rows, len(passes))
        shared = [parameter for parameter in model.shared_parameters() if parameter.requires_grad]
        cut, some = passes[0].cut, _some(rows, len(passes[0].losses))
        if cut is None and self.level != "parameters":
            raise RuntimeError(f"gradients at the level {self.level} come from a pass that was cut")
        if cut is None or self.level == "parameters" or not cut.learned:
            jacobians = [known.rows(one, rows, shared) for known, one in zip(self._jacobians, passes, strict=False)]
            with torch.no_grad():
                direction, used = self._combined(jacobians, values, some)
                _write(direction, shared)
            return used
        if self.level == "representation":
            direction, used = self.aggregator.combine(cut.rows(rows), values, some)
            cut.push(cut.shaped(direction))
            return used
        last = [parameter for parameter in model.last_shared_parameters() if parameter.requires_grad]
        jacobian = torch.stack([flat(cut.pull(row, last, keep=True), last) for row in rows])
        factors, used = self.aggregator.weigh(jacobian, values, some)
        cut.push(cut.mixed(factors, rows))
        return used

    def _combined(
        self, jacobians: Sequence[Tensor], values: Tensor, rows: Sequence[int] | None
    ) -> tuple[Tensor, Tensor]:
        if len(jacobians) > 1:
            return self.aggregator.combine_parts(jacobians, values, rows)
        return self.aggregator.combine(jacobians[0], values, rows)

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


def _mean(passes: Sequence[Pass]) -> Tensor:
    """[K] the losses' values, over all parts of the batch."""
    if len(passes) == 1:
        return stacked(passes[0].losses)
    return torch.stack([stacked(one.losses) for one in passes]).mean(dim=0)


def _through_heads(one: Pass, rows: Sequence[int], parts: int) -> None:
    """The backward pass of the heads: each its plain gradient, over several parts their mean."""
    losses = [one.losses[row] for row in rows]
    if parts == 1:
        torch.autograd.backward(losses)
    else:
        torch.autograd.backward(losses, [torch.full_like(loss, 1 / parts) for loss in losses])


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
