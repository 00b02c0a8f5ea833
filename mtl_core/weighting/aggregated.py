"""Methods that combine the tasks' gradients of the shared parameters."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mtl_core.spec import InputError
from mtl_core.weighting.cut import Cut
from mtl_core.weighting.interface import Pass, SharedModel, Weighting, matching, stacked, taking_part
from mtl_core.weighting.jacobian import Jacobian, flat

_CHUNK = 1 << 18
"""Columns of a Jacobian turned to float64 at a time: 2 MB a row."""


Level = Literal["parameters", "last_layer", "representation"]


class Aggregator(ABC):
    """From the gradients of K tasks to one direction."""

    parts: ClassVar[int] = 1
    """How many independent samples of the gradients a step takes."""

    @abstractmethod
    def combine(self, jacobian: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
        """One direction for all tasks.

        Args:
            jacobian: [K, P] a task's gradient per row; not to be kept, its memory is used again.
            losses: [K] the losses.

        Returns:
            [P] what becomes the gradient of the shared parameters, and [K] the weights to show for it.
        """

    def combine_parts(self, jacobians: Sequence[Tensor], losses: Tensor) -> tuple[Tensor, Tensor]:
        """The same from several independent samples of the gradients, for aggregators with several parts."""
        return self.combine(jacobians[0], losses)

    def weigh(self, jacobian: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
        """What each task's gradient is multiplied by and the weight to show for it, [K] each.

        Raises:
            InputError: The direction is not a weighted sum of the gradients.
        """
        rule = "the direction of this method is no weighted sum of the gradients"
        raise InputError("weighting.level", rule, found="last_layer", fix="Take all shared parameters.")

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
        factors, shown = self.weigh(jacobian, losses)
        return factors @ jacobian, shown

    def weigh(self, jacobian: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
        """By the rule."""
        factors, shown = self._rule(gramian(jacobian).cpu().numpy(), losses)
        return torch.from_numpy(factors).to(jacobian), torch.from_numpy(shown).to(losses)


def gramian(jacobian: Tensor) -> Tensor:
    """[K, K] float64 inner products of the rows of a [K, P] Jacobian."""
    if jacobian.shape[1] <= _CHUNK:
        exact = jacobian.double()
        return exact @ exact.mT
    return torch.stack([gramian(part) for part in torch.split(jacobian, _CHUNK, dim=1)]).sum(dim=0)


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

    cuts = True

    def __init__(self, aggregator: Aggregator, ones: Tensor, level: Level = "parameters") -> None:
        self.aggregator = aggregator
        self.level = level
        self.parts = aggregator.parts
        self._weights = ones
        self._jacobians = [Jacobian(ones) for _ in range(self.parts)]

    def backward(
        self,
        losses: Sequence[Tensor],
        model: SharedModel,
        present: Sequence[bool] | None = None,
        cut: Cut | None = None,
    ) -> None:
        """The aggregated gradient on the shared parameters, each loss's plain gradient on all others."""
        self.backward_parts([Pass(losses, present, cut)], model)

    def backward_parts(self, passes: Sequence[Pass], model: SharedModel) -> None:
        """The same from several samples of the batch; a task takes part that has labels in all of them."""
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
        cut = passes[0].cut
        if cut is None or self.level == "parameters" or not cut.learned:
            jacobians = [known.rows(one, rows, shared) for known, one in zip(self._jacobians, passes, strict=True)]
            with torch.no_grad():
                direction, used = self._combined(jacobians, values)
                _write(direction, shared)
            return used
        if self.level == "representation":
            direction, used = self.aggregator.combine(torch.stack([cut.row(row) for row in rows]), values)
            cut.push(cut.shaped(direction))
            return used
        last = [parameter for parameter in model.last_shared_parameters() if parameter.requires_grad]
        jacobian = torch.stack([flat(cut.pull(row, last, keep=True), last) for row in rows])
        factors, used = self.aggregator.weigh(jacobian, values)
        cut.push(cut.mixed(factors, rows))
        return used

    def _combined(self, jacobians: Sequence[Tensor], values: Tensor) -> tuple[Tensor, Tensor]:
        if len(jacobians) > 1:
            return self.aggregator.combine_parts(jacobians, values)
        return self.aggregator.combine(jacobians[0], values)

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


def _scattered(used: Tensor, rows: list[int], count: int) -> Tensor:
    weights = used.new_zeros(count)
    weights[rows] = used
    return weights
