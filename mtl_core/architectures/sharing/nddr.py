"""NDDR layers (Gao, Ma, Zhao, Liu & Yuille: NDDR-CNN, Layerwise Feature Fusing in Multi-Task CNNs, CVPR 2019)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mtl_core.architectures.planning.model_plan import Plan
from mtl_core.architectures.planning.stages import cut_stages
from mtl_core.architectures.sharing.blocks import ByTask, batch_norm, heads_of, pointwise, towers_of
from mtl_core.architectures.sharing.towers import TowersModel, shares
from mtl_core.spec.model import Nddr
from mtl_core.spec.reports import Shape


class NddrUnit(nn.Module):
    """All tasks' features side by side, then for each task a 1×1 convolution back to its width, batch norm and ReLU.

    On features without positions the convolution is a linear layer.

    Args:
        tasks: The names of the K tasks.
        shape: Shape of a row of a task's features, channels first.
        own: What a task takes of each of its own channels at the start; the same channel of the others shares the
            rest of 1.
    """

    def __init__(self, tasks: Sequence[str], shape: Shape, own: float) -> None:
        super().__init__()
        width = shape[0]
        self.reductions = ByTask({task: pointwise(len(tasks) * width, width, shape) for task in tasks})
        self.norms = ByTask({task: batch_norm(shape) for task in tasks})
        identity = torch.eye(width)
        with torch.no_grad():
            for weight, row in zip(self.weights(), shares(own, len(tasks)), strict=True):
                weight.copy_(torch.cat([share * identity for share in row], dim=1).view_as(weight))

    def weights(self) -> list[Tensor]:
        """Each task's [C, K·C, …]."""
        return [torch.as_tensor(reduction.weight) for reduction in self.reductions.values()]

    def forward(self, streams: Sequence[Tensor]) -> list[Tensor]:
        """Fuse K tensors ``[N, C, …]``."""
        beside = torch.cat(list(streams), dim=1)
        pairs = zip(self.reductions.values(), self.norms.values(), strict=True)
        return [torch.relu(norm(reduction(beside))) for reduction, norm in pairs]


class NddrModel(TowersModel):
    """Trunks whose features are fused and reduced again after every stage."""

    @torch.no_grad()
    def learned(self) -> dict[tuple[str, str], float]:
        """The share of each task's absolute weights that reads each task's channels."""
        tables = []
        for unit in self.units.values():
            assert isinstance(unit, NddrUnit)
            sums = torch.stack([w.abs().reshape(len(w), len(self.tasks), -1).sum(dim=(0, 2)) for w in unit.weights()])
            tables.append((sums / sums.sum(dim=1, keepdim=True)).tolist())
        return self.tabled("fusion", tables)


def build(plan: Plan) -> NddrModel:
    """A unit after every stage."""
    spec = plan.sharing
    assert isinstance(spec, Nddr)
    towers, heads = towers_of(plan), heads_of(plan)
    units = {stage.last: NddrUnit(tuple(heads), stage.shape, spec.own) for stage in cut_stages(plan.shared).stages}
    return NddrModel(towers, heads, units, spec.lr_factor)
