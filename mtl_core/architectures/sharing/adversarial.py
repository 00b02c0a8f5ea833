"""Adversarial multi-task learning: shared and private features kept apart (Liu, Qiu & Huang, ACL 2017)."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.architectures.multi_task_model import Features, MultiTaskModel, last_parameters
from mtl_core.architectures.planning.layer_stack import end_of
from mtl_core.architectures.planning.model_plan import Plan
from mtl_core.architectures.sharing.blocks import ByTask, copies_of, heads_of, stack_of
from mtl_core.datasets.data import row_mask
from mtl_core.spec.model import Adversarial


class _Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, tensor: Tensor) -> Tensor:
        return tensor.view_as(tensor)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return -gradient


def reverse_gradient(tensor: Tensor) -> Tensor:
    """The tensor as it is, with its gradient's sign turned on the way back (Ganin & Lempitsky, ICML 2015)."""
    reversed_: Tensor = _Reverse.apply(tensor)  # type: ignore[no-untyped-call]
    return reversed_


class AdversarialModel(MultiTaskModel):
    """A trunk for all tasks, a private copy for each, heads that read both, and a discriminator on the shared features.

    The penalty is ``adversary`` x the discriminator's loss + ``orthogonality`` x the overlap of shared and private
    features, each a sum over tasks, of a task's rows alone: those with its label. The discriminator descends on its
    loss; the shared trunk gets that gradient reversed. A row with labels of several tasks counts for each of them, so
    where every row has every label the discriminator has nothing to learn.

    Args:
        shared: The trunk.
        private: Each task's copy of it, in task order.
        heads: Each task's layers, the output layer included; they read shared and private features joined along their
            first dimension.
        width: Values of the shared features of a row.
        adversary: λ, the weight of the discriminator's loss.
        orthogonality: γ, the weight of the overlap.
    """

    def __init__(
        self,
        shared: nn.Sequential,
        private: Sequence[nn.Sequential],
        heads: Mapping[str, nn.Module],
        width: int,
        *,
        adversary: float,
        orthogonality: float,
    ) -> None:
        super().__init__()
        self.tasks = tuple(heads)
        self.shared = shared
        self.private = nn.ModuleList(private)
        self.heads = ByTask(heads)
        self.discriminator = nn.Linear(width, len(heads))
        self._adversary, self._orthogonality = adversary, orthogonality
        self._masks: Sequence[Tensor | None] = [None] * len(heads)
        self._seen: Features | None = None
        self._own: dict[int, Tensor] = {}

    def see_labels(self, masks: Sequence[Tensor | None]) -> None:
        """Whose rows are whose, for the penalty."""
        self._masks = masks

    def features(self, inputs: Tensor) -> Features:
        """The input, which the private copies read, and the shared features."""
        common = self.shared(inputs)
        if self.training:
            self._seen, self._own = (inputs, common), {}
        return inputs, common

    def head(self, task: int, features: Features) -> Tensor:
        """A head's output on shared and private features."""
        inputs, common = features
        own = self.private[task](inputs)
        if self.training:
            self._own[task] = own
        output: Tensor = self.heads.of(self.tasks[task])(torch.cat([common, own], dim=1))
        return output

    def penalty(self) -> Tensor | None:
        """What the adversary and the overlap add; None when neither teaches anything."""
        if self._seen is None:
            return None
        inputs, common = self._seen
        common = common.flatten(1).to(self.discriminator.weight.dtype)  # a pass may be in lower precision
        total = common.new_zeros(())
        for task in range(len(self.tasks)):
            mask = self._masks[task]
            rows = common.new_ones(len(common)) if mask is None else row_mask(mask).to(common)
            if self._adversary:
                total = total + self._adversary * self._guess(common, rows, task)
            if self._orthogonality:
                own = self._own.get(task)
                own = self.private[task](inputs) if own is None else own  # where the heads are yet to run
                total = total + self._orthogonality * overlap(common, own.flatten(1).to(common), rows)
        return total if total.requires_grad else None

    def _guess(self, common: Tensor, rows: Tensor, task: int) -> Tensor:
        """The discriminator's mean cross-entropy over a task's rows."""
        scores: Tensor = self.discriminator(reverse_gradient(common)).log_softmax(dim=1)
        return -(scores[:, task] * rows).sum() / rows.sum().clamp(min=1)

    def shared_parameters(self) -> list[nn.Parameter]:
        """The trunk's parameters."""
        return list(self.shared.parameters())

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """Those of the trunk's last layer that has any."""
        return last_parameters(self.shared)

    def head_parameters(self, task: str) -> list[nn.Parameter]:
        """Those of a task's private copy and of its layers."""
        private = self.private[self.tasks.index(task)]
        return [*private.parameters(), *self.heads.of(task).parameters()]


def overlap(common: Tensor, own: Tensor, rows: Tensor) -> Tensor:
    """The mean square of the entries of SᵀP, of features centred over a task's rows and scaled to length 1.

    Of many features of few rows it is taken from the products of rows, which are fewer.

    Args:
        common: S ``[N, D]``.
        own: P ``[N, D]``.
        rows: ``[N]`` 1 for a row of the task, else 0.
    """
    shared, private = _unit(common, rows), _unit(own, rows)
    if len(common) > common.shape[1]:
        return (shared.mT @ private).square().mean()
    return ((shared @ shared.mT) * (private @ private.mT)).sum() / (common.shape[1] * own.shape[1])


def _unit(values: Tensor, rows: Tensor) -> Tensor:
    weights = rows[:, None]
    centred = (values - (values * weights).sum(dim=0) / weights.sum().clamp(min=1)) * weights
    return nn.functional.normalize(centred, dim=1, eps=1e-6)


def build(plan: Plan) -> AdversarialModel:
    """The trunk once for all tasks and once for each."""
    spec = plan.sharing
    assert isinstance(spec, Adversarial)
    shared, private, heads = stack_of(plan.shared), copies_of(plan.shared, len(plan.tasks)), heads_of(plan)
    width = prod(end_of(plan.shared, plan.input_shape) or ())
    settings = {"adversary": spec.adversary, "orthogonality": spec.orthogonality}
    return AdversarialModel(shared, private, heads, width, **settings)
