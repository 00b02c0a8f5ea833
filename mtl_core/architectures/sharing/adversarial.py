"""Adversarial multi-task learning: shared and private features kept apart (Liu, Qiu & Huang, ACL 2017)."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.architectures.components.blocks import TaskModules, build_copies, build_heads, build_stack
from mtl_core.architectures.components.inputs import (
    InputReader,
    build_inputs,
    last_input_parameters,
    pack_inputs,
    unpack_inputs,
)
from mtl_core.architectures.layers.modules.layer_stack import LayerStack
from mtl_core.architectures.multi_task_model import Features, MultiTaskModel, last_parameters
from mtl_core.architectures.planning.layer_stack import final_shape
from mtl_core.architectures.planning.model_plan import ModelPlan
from mtl_core.datasets.data import Inputs, row_mask
from mtl_core.spec.sharing.adversarial import Adversarial


class _GradientReversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, tensor: Tensor) -> Tensor:
        return tensor.view_as(tensor)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return -gradient


def reverse_gradient(tensor: Tensor) -> Tensor:
    """The identity, whose backward pass negates the gradient (Ganin & Lempitsky, ICML 2015)."""
    output: Tensor = _GradientReversal.apply(tensor)  # type: ignore[no-untyped-call]
    return output


class AdversarialModel(MultiTaskModel):
    """A trunk for all tasks, a private copy for each, heads that read both, and a discriminator on the shared features.

    The penalty is ``adversary`` x the discriminator's loss + ``orthogonality`` x the overlap of shared and private
    features, each a sum over tasks, of a task's rows alone: those with its label. The discriminator minimizes its
    loss; the shared trunk gets the reversed gradient. A row with labels of several tasks counts for each of them, so
    where every row has every label the discriminator has nothing to learn.

    Args:
        inputs: Reads the inputs for the trunk.
        shared: The trunk.
        private_inputs: Reads the inputs for each task's copy, in task order.
        private: Each task's copy of the trunk, in task order.
        heads: Each task's layers, the output layer included; they read shared and private features joined along their
            first dimension.
        width: Values of the shared features of a row.
        adversary: λ, the weight of the discriminator's loss.
        orthogonality: γ, the weight of the overlap.
    """

    def __init__(
        self,
        inputs: InputReader,
        shared: LayerStack,
        private_inputs: Sequence[InputReader],
        private: Sequence[LayerStack],
        heads: Mapping[str, nn.Module],
        *,
        width: int,
        adversary: float,
        orthogonality: float,
    ) -> None:
        super().__init__()
        self.tasks = tuple(heads)
        self.inputs = inputs
        self.shared = shared
        self.private_inputs = nn.ModuleList(private_inputs)
        self.private = nn.ModuleList(private)
        self.heads = TaskModules(heads)
        self.discriminator = nn.Linear(width, len(heads))
        self._adversary, self._orthogonality = adversary, orthogonality
        self._masks: Sequence[Tensor | None] = [None] * len(heads)
        self._last_features: Features | None = None
        self._private_features: dict[int, Tensor] = {}

    def set_label_masks(self, masks: Sequence[Tensor | None]) -> None:
        """Sets the rows of each task, for the penalty."""
        self._masks = masks

    def features(self, inputs: Inputs) -> Features:
        """The inputs, for the private copies, and the shared features."""
        features = (*pack_inputs(self.inputs, inputs), self.shared(*self.inputs.with_mask(inputs)))
        if self.training:
            self._last_features, self._private_features = features, {}
        return features

    def _run_private(self, task: int, packed_inputs: Sequence[Tensor]) -> tuple[Tensor, Tensor | None]:
        """A task's private features and their padding mask, which is that of the shared features too."""
        reader, private = self.private_inputs[task], self.private[task]
        assert isinstance(reader, InputReader)
        assert isinstance(private, LayerStack)
        return private.with_mask(*reader.with_mask(unpack_inputs(self.inputs, packed_inputs)))

    def head(self, task: int, features: Features) -> Tensor:
        """Runs a task's private copy, and its head on shared and private features."""
        *inputs, shared_features = features
        private_features, mask = self._run_private(task, inputs)
        if self.training:
            self._private_features[task] = private_features
        features_of_both = torch.cat([shared_features, private_features], dim=1)
        output: Tensor = self.heads.for_task(self.tasks[task])(features_of_both, mask)
        return output

    def penalty(self) -> Tensor | None:
        """The discriminator's loss plus the overlap; None if no parameter depends on them."""
        if self._last_features is None:
            return None
        *inputs, shared_features = self._last_features
        # The forward pass may have been in lower precision.
        shared_features = shared_features.flatten(1).to(self.discriminator.weight.dtype)
        total = shared_features.new_zeros(())
        for task in range(len(self.tasks)):
            mask = self._masks[task]
            count = len(shared_features)
            rows = shared_features.new_ones(count) if mask is None else _member_rows(mask, count).to(shared_features)
            if self._adversary:
                total = total + self._adversary * self._discriminator_loss(shared_features, rows, task)
            if self._orthogonality:
                private_features = self._private_features.get(task)
                if private_features is None:  # the heads have not run yet
                    private_features, _ = self._run_private(task, inputs)
                private_features = private_features.flatten(1).to(shared_features)
                total = total + self._orthogonality * overlap(shared_features, private_features, rows)
        return total if total.requires_grad else None

    def _discriminator_loss(self, shared_features: Tensor, rows: Tensor, task: int) -> Tensor:
        """The discriminator's mean cross-entropy over a task's rows."""
        scores: Tensor = self.discriminator(reverse_gradient(shared_features)).log_softmax(dim=1)
        return -(scores[:, task] * rows).sum() / rows.sum().clamp(min=1)

    def shared_parameters(self) -> list[nn.Parameter]:
        """The parameters of the trunk and of what it reads the inputs by."""
        return [*self.inputs.parameters(), *self.shared.parameters()]

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """The parameters of the trunk's last layer that has any."""
        return last_parameters(self.shared) or last_input_parameters(self.inputs)

    def head_parameters(self, task: str) -> list[nn.Parameter]:
        """The parameters of a task's private copy and of its head."""
        number = self.tasks.index(task)
        parts = (self.private_inputs[number], self.private[number], self.heads.for_task(task))
        return [parameter for part in parts for parameter in part.parameters()]


def _member_rows(mask: Tensor, rows: int) -> Tensor:
    """The mask ``[N]`` of a task's rows; of rows of a batch ``[N·k]`` where each row has k members."""
    labeled = row_mask(mask)
    return labeled if len(labeled) == rows else labeled.repeat_interleave(rows // len(labeled))


def overlap(shared_features: Tensor, private_features: Tensor, rows: Tensor) -> Tensor:
    """The mean square of the entries of SᵀP, for features centered over a task's rows and scaled to length 1.

    For more features than rows it is computed from the products of rows, which are fewer.

    Args:
        shared_features: S ``[N, D]``.
        private_features: P ``[N, D]``.
        rows: ``[N]`` 1 for a row of the task, else 0.
    """
    shared, private = _normalize_features(shared_features, rows), _normalize_features(private_features, rows)
    if len(shared_features) > shared_features.shape[1]:
        return (shared.mT @ private).square().mean()
    size = shared_features.shape[1] * private_features.shape[1]
    return ((shared @ shared.mT) * (private @ private.mT)).sum() / size


def _normalize_features(values: Tensor, rows: Tensor) -> Tensor:
    weights = rows[:, None]
    centered = (values - (values * weights).sum(dim=0) / weights.sum().clamp(min=1)) * weights
    return nn.functional.normalize(centered, dim=1, eps=1e-6)


def build(plan: ModelPlan) -> AdversarialModel:
    """Builds one shared trunk, and a private copy of it for each task."""
    spec = plan.sharing
    assert isinstance(spec, Adversarial)
    inputs, shared = build_inputs(plan.inputs), build_stack(plan.shared)
    private_inputs = [build_inputs(plan.inputs) for _ in plan.tasks]
    private, heads = build_copies(plan.shared, len(plan.tasks)), build_heads(plan)
    width = prod(final_shape(plan.shared, plan.input_shape) or ())
    settings = {"adversary": spec.adversary, "orthogonality": spec.orthogonality}
    return AdversarialModel(inputs, shared, private_inputs, private, heads, width=width, **settings)
