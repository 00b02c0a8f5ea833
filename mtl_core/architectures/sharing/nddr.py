"""NDDR layers (Gao, Ma, Zhao, Liu & Yuille: NDDR-CNN, Layerwise Feature Fusing in Multi-Task CNNs, CVPR 2019)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mtl_core.architectures.components.blocks import (
    TaskModules,
    batch_norm,
    build_heads,
    build_towers,
)
from mtl_core.architectures.components.towers import TowersModel, share_matrix
from mtl_core.architectures.layers.modules.pointwise import pointwise_linear
from mtl_core.architectures.planning.model_plan import ModelPlan
from mtl_core.architectures.planning.stages import split_stages
from mtl_core.spec.reports import Shape
from mtl_core.spec.sharing.nddr import FUSION_WEIGHTS, Nddr


class NddrUnit(nn.Module):
    """NDDR layer: all tasks' features concatenated, then for each task a 1×1 convolution, batch norm and ReLU.

    On features without positions the convolution is a linear layer.

    Args:
        tasks: The names of the K tasks.
        shape: Shape of a row of a task's features, channels first.
        own: Initial weight of a task's own channels; the same channels of the other tasks share the rest of 1.
    """

    def __init__(self, tasks: Sequence[str], shape: Shape, own: float) -> None:
        super().__init__()
        width = shape[0]
        self.reductions = TaskModules({task: pointwise_linear(len(tasks) * width, width, shape) for task in tasks})
        self.norms = TaskModules({task: batch_norm(shape) for task in tasks})
        identity = torch.eye(width)
        with torch.no_grad():
            for weight, row in zip(self.weights(), share_matrix(own, len(tasks)), strict=True):
                weight.copy_(torch.cat([share * identity for share in row], dim=1).view_as(weight))

    def weights(self) -> list[Tensor]:
        """Each task's convolution weight, [C, K·C, …]."""
        return [torch.as_tensor(reduction.weight) for reduction in self.reductions.values()]

    def forward(self, streams: Sequence[Tensor]) -> list[Tensor]:
        """Fuses K tensors ``[N, C, …]``."""
        concatenated = torch.cat(list(streams), dim=1)
        pairs = zip(self.reductions.values(), self.norms.values(), strict=True)
        return [torch.relu(norm(reduction(concatenated))) for reduction, norm in pairs]


class NddrModel(TowersModel):
    """Towers that exchange features by an NDDR layer after every stage."""

    @torch.no_grad()
    def sharing_metrics(self) -> dict[tuple[str, str], float]:
        """The fraction of each task's absolute weights on each task's channels."""
        tables = []
        for unit in self.units.values():
            assert isinstance(unit, NddrUnit)
            sums = torch.stack([w.abs().reshape(len(w), len(self.tasks), -1).sum(dim=(0, 2)) for w in unit.weights()])
            tables.append((sums / sums.sum(dim=1, keepdim=True)).tolist())
        return self.unit_metrics(FUSION_WEIGHTS, tables)


def build(plan: ModelPlan) -> NddrModel:
    """Builds a tower per task, with an NDDR layer after every stage."""
    spec = plan.sharing
    assert isinstance(spec, Nddr)
    towers, heads = build_towers(plan), build_heads(plan)
    units = {stage.last: NddrUnit(tuple(heads), stage.shape, spec.own) for stage in split_stages(plan.shared).stages}
    return NddrModel(towers, heads, units, spec.lr_factor)
