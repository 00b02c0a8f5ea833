"""Soft parameter sharing: each task has its own trunk, and a penalty keeps the trunks similar.

By L2 distance: Duong, Cohn, Bird & Cook: Low Resource Dependency Parsing, ACL 2015. By trace norm: Yang & Hospedales:
Trace Norm Regularised Deep Multi-Task Learning, ICLR workshop 2017.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mtl_core.architectures.components.blocks import Tower, build_heads, build_towers
from mtl_core.architectures.planning.model_plan import ModelPlan
from mtl_core.architectures.sharing.separate import SeparateModel
from mtl_core.spec.sharing.soft import DISTANCES, SoftSharing


class SoftSharingModel(SeparateModel):
    """Separate models with a penalty on the differences of their trunks.

    Only its own task's loss reaches a trunk, so there is no shared parameter; the penalty alone couples the tasks.

    Args:
        towers: Each task's trunk, in task order.
        heads: Each task's layers, the output layer included.
        spec: Kind and strength of the penalty.
    """

    def __init__(self, towers: Mapping[str, Tower], heads: Mapping[str, nn.Module], spec: SoftSharing) -> None:
        super().__init__(towers, heads)
        self._strength = spec.strength
        self._tie = _distances if spec.tie == "l2" else _trace_norm

    def penalty(self) -> Tensor | None:
        """Strength × the sum of the penalty over the trunk's parameters; None if no trunk parameter is trainable."""
        if self._strength == 0 or len(self.tasks) == 1:
            return None
        ties = [self._tie(rows) for rows in self._stack_copies()]
        total = self._strength * torch.stack(ties).sum() if ties else None
        return total if total is not None and total.requires_grad else None

    def _stack_copies(self) -> list[Tensor]:
        """[K, n] for each parameter of the trunk, its copies as rows."""
        copies = zip(*(self.towers.for_task(task).parameters() for task in self.tasks), strict=True)
        return [torch.stack([copy.reshape(-1) for copy in parameter]) for parameter in copies]

    @torch.no_grad()
    def sharing_metrics(self) -> dict[tuple[str, str], float]:
        """The L2 distance of each pair of trunks."""
        if not (rows := self._stack_copies()):
            return {}
        flat = torch.cat(rows, dim=1)
        gaps = torch.stack([torch.linalg.vector_norm(flat - row, dim=1) for row in flat]).tolist()
        return {
            (task, DISTANCES.metric(other)): gaps[i][j]
            for i, task in enumerate(self.tasks)
            for j, other in enumerate(self.tasks)
            if i != j
        }


def _distances(rows: Tensor) -> Tensor:
    """The sum of the squared distances of all pairs of K rows: K times that of the distances to their mean."""
    return len(rows) * (rows - rows.mean(dim=0)).square().sum()


def _trace_norm(rows: Tensor) -> Tensor:
    """The trace norm (sum of singular values), which favors rows of low rank."""
    values: Tensor = torch.linalg.svdvals(rows)
    return values.sum()


def build(plan: ModelPlan) -> SoftSharingModel:
    """Builds a trunk per task, each with its own initial weights."""
    assert isinstance(plan.sharing, SoftSharing)
    return SoftSharingModel(build_towers(plan), build_heads(plan), plan.sharing)
