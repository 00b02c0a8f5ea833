"""Soft parameter sharing: each task has its own trunk, and a penalty ties them to each other.

By L2 distance: Duong, Cohn, Bird & Cook: Low Resource Dependency Parsing, ACL 2015. By trace norm: Yang & Hospedales:
Trace Norm Regularised Deep Multi-Task Learning, ICLR workshop 2017.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mtl_core.architectures.planning.model_plan import Plan
from mtl_core.architectures.sharing.blocks import Tower, heads_of, towers_of
from mtl_core.architectures.sharing.separate import SeparateModel
from mtl_core.protocol.series import distance_name
from mtl_core.spec.model import SoftSharing


class SoftSharingModel(SeparateModel):
    """Separate models, and a penalty on what their trunks do not have in common.

    No loss but its own reaches a task's trunk, so there is no shared parameter; what ties them is the penalty alone.

    Args:
        towers: Each task's trunk, in task order.
        heads: Each task's layers, the output layer included.
        spec: What ties the trunks, and how strongly.
    """

    def __init__(self, towers: Mapping[str, Tower], heads: Mapping[str, nn.Module], spec: SoftSharing) -> None:
        super().__init__(towers, heads)
        self._strength = spec.strength
        self._of = _distances if spec.tie == "l2" else _trace_norm

    def penalty(self) -> Tensor | None:
        """Strength × the sum over the trunk's parameters of what ties their copies; None where nothing is learned."""
        if self._strength == 0 or len(self.tasks) == 1:
            return None
        ties = [self._of(rows) for rows in self._stacked()]
        total = self._strength * torch.stack(ties).sum() if ties else None
        return total if total is not None and total.requires_grad else None

    def _stacked(self) -> list[Tensor]:
        """[K, n] for each parameter of the trunk, its copies as rows."""
        copies = zip(*(self.towers.of(task).parameters() for task in self.tasks), strict=True)
        return [torch.stack([copy.reshape(-1) for copy in parameter]) for parameter in copies]

    @torch.no_grad()
    def learned(self) -> dict[tuple[str, str], float]:
        """Each trunk's distance to every other."""
        if not (rows := self._stacked()):
            return {}
        flat = torch.cat(rows, dim=1)
        gaps = torch.stack([torch.linalg.vector_norm(flat - row, dim=1) for row in flat]).tolist()
        return {
            (task, distance_name(other)): gaps[i][j]
            for i, task in enumerate(self.tasks)
            for j, other in enumerate(self.tasks)
            if i != j
        }


def _distances(rows: Tensor) -> Tensor:
    """The squared distances of all pairs of K rows, which are K times those to their mean."""
    return len(rows) * (rows - rows.mean(dim=0)).square().sum()


def _trace_norm(rows: Tensor) -> Tensor:
    """The sum of the singular values: small when the rows are multiples of a few."""
    values: Tensor = torch.linalg.svdvals(rows)
    return values.sum()


def build(plan: Plan) -> SoftSharingModel:
    """Trunks with initial weights of their own, as separate models have."""
    assert isinstance(plan.sharing, SoftSharing)
    return SoftSharingModel(towers_of(plan), heads_of(plan), plan.sharing)
