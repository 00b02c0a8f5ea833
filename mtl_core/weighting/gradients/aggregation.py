"""Aggregation of the tasks' gradients of the shared parameters to one update direction."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mtl_core.spec import InputError
from mtl_core.weighting.autograd.passes import backward_pass
from mtl_core.weighting.gradients.jacobian import JacobianBuffer, flatten_gradients
from mtl_core.weighting.gradients.products import gramian, weighted_sum
from mtl_core.weighting.interface import ForwardPass, SharedModel, Weighting, loss_values, match_state, participation

_MAX_WHOLE_GRAPH_TASKS = 4
"""Up to this many tasks, backward passes of the whole graph are as fast as batched ones of a detached trunk."""

Level = Literal["parameters", "last_layer", "representation"]


class Aggregator(ABC):
    """Combines the gradients of K tasks into one update direction."""

    batch_parts: int = 1
    """Number of independent parts of a batch to compute gradients of; if more than one, `combine_parts` is called."""

    @abstractmethod
    def combine(self, jacobian: Tensor, losses: Tensor, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """Compute the update direction from the tasks' gradients.

        Args:
            jacobian: [K, P] one task's gradient per row; must not be kept, its memory is reused.
            losses: [K] the losses.
            rows: Number of each row's task; None if all tasks take part, in their order.

        Returns:
            [P] the gradient to give to the shared parameters, and [K] the weights to report for it.
        """

    def combine_parts(
        self, jacobians: Sequence[Tensor], losses: Tensor, rows: Sequence[int] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Compute the update direction from gradients on independent parts of the batch, at the same parameters.

        Args:
            jacobians: `batch_parts` Jacobians, [K, P] each.
            losses: [K] the losses of the whole batch.
            rows: As for `combine`.
        """
        return self.combine(jacobians[0], losses, rows)

    def weigh(self, jacobian: Tensor, losses: Tensor, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """The factor of each task's gradient and the weight to report for it, [K] each; arguments as of `combine`.

        Raises:
            InputError: The direction is not a weighted sum of the gradients.
        """
        rule = "the direction of this method is no weighted sum of the gradients"
        raise InputError("weighting.level", rule, found="last_layer", fix="Take all shared parameters.")

    def buffers(self) -> dict[str, Tensor]:
        """The aggregator's state by name, not copied: `load_buffers` writes to these tensors."""
        return {}

    def load_buffers(self, state: Mapping[str, Tensor]) -> None:
        """Restore the `buffers` in place.

        Raises:
            StoreError: The names or shapes do not fit this method and number of tasks.
        """
        buffers = self.buffers()
        for name, tensor in match_state(state, buffers).items():
            buffers[name].copy_(tensor)


Array = NDArray[np.float64]

GramianRule = Callable[[Array, Tensor], tuple[Array, Array]]
"""From the Gramian [K, K] and the losses [K], a tensor on the model's device, to the factor of each gradient and the
weight to report for it, [K] each."""


class GramianAggregator(Aggregator):
    """An aggregator whose direction is a weighted sum of the gradients, with weights computed from their Gramian.

    The inner products are computed in float64, so that rows of very different length do not spoil them; the weights
    are computed from these K² numbers in NumPy, which synchronizes with the device once.
    """

    @abstractmethod
    def factors(self, gramian: Array, losses: Tensor, rows: Sequence[int] | None) -> tuple[Array, Array]:
        """The factor of each gradient, and the weight to report for it, [K] each.

        Args:
            gramian: [K, K] inner products.
            losses: [K], on the model's device.
            rows: As for `combine`.
        """

    def combine(self, jacobian: Tensor, losses: Tensor, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """The weighted sum of the gradients, and the weights to report."""
        products = gramian(jacobian).cpu().numpy()
        factors, weights = self.factors(products, losses, rows)
        return weighted_sum(factors, jacobian, products), torch.from_numpy(weights).to(losses)

    def weigh(self, jacobian: Tensor, losses: Tensor, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """The factors as tensors on the model's device."""
        factors, weights = self.factors(gramian(jacobian).cpu().numpy(), losses, rows)
        return torch.from_numpy(factors).to(jacobian), torch.from_numpy(weights).to(losses)


class RuleAggregator(GramianAggregator):
    """A stateless Gramian aggregator that computes its weights by a function, the same for every task.

    Args:
        rule: Computes the weights.
    """

    def __init__(self, rule: GramianRule) -> None:
        self._rule = rule

    def factors(self, gramian: Array, losses: Tensor, rows: Sequence[int] | None) -> tuple[Array, Array]:
        """The factors and weights of the rule."""
        return self._rule(gramian, losses)


class GradientAggregation(Weighting):
    """A weighting that aggregates the tasks' gradients of the shared parameters with an `Aggregator`.

    If the forward pass is detached at the shared representation, one backward pass runs through all heads, and the
    level determines those through the shared layers. Otherwise each task has a backward pass of the whole graph, which
    leaves its plain gradient on its head, and on the shared parameters a row of the Jacobian. Parameters that a task
    does not reach count as zeros in its row; frozen ones are ignored.

    Args:
        aggregator: Combines the rows of the Jacobian into one direction.
        ones: [K] ones on the losses' device, reported as weights before the first step.
        level: The gradients that are compared: ``parameters``, of all shared parameters, one backward pass of the
            shared layers per task; ``last_layer``, whose weights are then applied to all shared layers, one pass; or
            ``representation``, of the shared layers' output for this batch, one pass.
    """

    def __init__(self, aggregator: Aggregator, ones: Tensor, level: Level = "parameters") -> None:
        self.aggregator = aggregator
        self.level = level
        self.batch_parts = aggregator.batch_parts
        self._weights = ones
        self._jacobians = [JacobianBuffer(ones) for _ in range(self.batch_parts)]

    @property
    def detach_representation(self) -> Literal["when_costly", "always"]:  # type: ignore[override]
        """``when_costly`` for few tasks, or if the trunk's backward pass runs once for each task anyway.

        The latter is known after the first step; its gradients are equal to the bit either way.
        """
        if self.level != "parameters" or self.batch_parts > 1:
            return "always"
        few_tasks = len(self._weights) <= _MAX_WHOLE_GRAPH_TASKS
        return "when_costly" if few_tasks or self._jacobians[0].runs_per_task else "always"

    def backward_parts(self, passes: Sequence[ForwardPass], model: SharedModel) -> None:
        """Compute the aggregated gradient of the shared parameters and each loss's plain gradient of all others.

        A task takes part if it has labels in all parts of the batch.
        """
        flags = [participation(forward_pass.losses, forward_pass.present) for forward_pass in passes]
        tasks = [task for task in range(len(flags[0])) if all(active[task] for active in flags)]
        losses = _mean_losses(passes)
        if not tasks:
            self._weights = torch.zeros_like(losses)
            return
        if len(tasks) == len(losses):
            self._weights = self._update(passes, tasks, losses, model)
        else:
            weights = self._update(passes, tasks, losses[tasks], model)
            self._weights = _scatter(weights, tasks, len(losses))

    def _update(self, passes: Sequence[ForwardPass], tasks: list[int], losses: Tensor, model: SharedModel) -> Tensor:
        """Write the gradients and return the weights of the tasks that take part, [len(tasks)]."""
        for forward_pass in passes:
            if forward_pass.representation is not None:
                _backward_heads(forward_pass, tasks, len(passes))
        shared = [parameter for parameter in model.shared_parameters() if parameter.requires_grad]
        representation = passes[0].representation
        rows = None if len(tasks) == len(passes[0].losses) else tasks
        if representation is None and self.level != "parameters":
            raise RuntimeError(f"level {self.level} needs a forward pass detached at the shared representation")
        if representation is None or self.level == "parameters" or not representation.trainable:
            pairs = zip(self._jacobians, passes, strict=False)
            jacobians = [buffer.compute(forward_pass, tasks, shared) for buffer, forward_pass in pairs]
            with torch.no_grad():
                direction, weights = self._combine(jacobians, losses, rows)
                _write_gradients(direction, shared)
            return weights
        if self.level == "representation":
            direction, weights = self.aggregator.combine(representation.jacobian(tasks), losses, rows)
            representation.backward(representation.unflatten(direction))
            return weights
        last = [parameter for parameter in model.last_shared_parameters() if parameter.requires_grad]
        gradients = [representation.shared_gradients(task, last, retain_graph=True) for task in tasks]
        jacobian = torch.stack([flatten_gradients(row, last) for row in gradients])
        factors, weights = self.aggregator.weigh(jacobian, losses, rows)
        representation.backward(representation.weighted_sum(factors, tasks))
        return weights

    def _combine(
        self, jacobians: Sequence[Tensor], losses: Tensor, rows: Sequence[int] | None
    ) -> tuple[Tensor, Tensor]:
        if len(jacobians) > 1:
            return self.aggregator.combine_parts(jacobians, losses, rows)
        return self.aggregator.combine(jacobians[0], losses, rows)

    def weights(self) -> Tensor:
        """[K] the weights reported by the aggregator; 0 for a task that was missing from the batch."""
        return self._weights

    def state_dict(self) -> dict[str, Tensor]:
        """A copy of the aggregator's buffers and the last weights."""
        state = {**self.aggregator.buffers(), "weights": self._weights}
        return {name: tensor.detach().clone() for name, tensor in state.items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore the aggregator's buffers, in place, and the last weights."""
        own = {name: tensor for name, tensor in state.items() if name == "weights"}
        weights = match_state(own, {"weights": self._weights})["weights"]
        self.aggregator.load_buffers({name: tensor for name, tensor in state.items() if name not in own})
        self._weights = weights


def _mean_losses(passes: Sequence[ForwardPass]) -> Tensor:
    """[K] the losses' values, averaged over the parts of the batch."""
    if len(passes) == 1:
        return loss_values(passes[0].losses)
    return torch.stack([loss_values(forward_pass.losses) for forward_pass in passes]).mean(dim=0)


def _backward_heads(forward_pass: ForwardPass, tasks: Sequence[int], parts: int) -> None:
    """Run the heads' backward pass, down to the representation; each head's gradient is the mean over the parts."""
    losses = [forward_pass.losses[task] for task in tasks]
    gradients = None if parts == 1 else [torch.full_like(loss, 1 / parts) for loss in losses]
    with backward_pass:
        torch.autograd.backward(losses, gradients)


def _write_gradients(direction: Tensor, shared: Sequence[nn.Parameter]) -> None:
    """Split a direction [P] into the gradients of the shared parameters."""
    parts = torch.split(direction, [parameter.numel() for parameter in shared])
    for parameter, part in zip(shared, parts, strict=True):
        parameter.grad = part.view(parameter.shape).to(parameter.dtype)


def _scatter(values: Tensor, tasks: list[int], count: int) -> Tensor:
    """[count] the values at the tasks' places, zeros elsewhere."""
    scattered = values.new_zeros(count)
    scattered[tasks] = values
    return scattered
