"""Cross-stitch units (Misra, Shrivastava, Gupta & Hebert: Cross-stitch Networks for Multi-task Learning, CVPR 2016)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mtl_core.architectures.components.blocks import build_heads, build_towers
from mtl_core.architectures.components.towers import TowersModel, share_matrix
from mtl_core.architectures.planning.model_plan import ModelPlan
from mtl_core.architectures.planning.stages import split_stages
from mtl_core.spec.sharing.cross_stitch import CrossStitch
from mtl_core.spec.sharing.learned_series import STITCH_WEIGHTS


class StitchUnit(nn.Module):
    """Cross-stitch unit x̃_i = Σ_j α_ij x_j, with one α for each pair of tasks, or for each channel of the pair.

    Args:
        tasks: K, number of tasks.
        channels: C for a separate α per channel; None for one α for all channels.
        own: Initial α_ii; the other entries of a row share the rest of 1 equally.
    """

    def __init__(self, tasks: int, channels: int | None, own: float) -> None:
        super().__init__()
        alpha = share_matrix(own, tasks)
        self.alpha = nn.Parameter(alpha if channels is None else alpha[..., None].repeat(1, 1, channels))

    def forward(self, streams: Sequence[Tensor]) -> list[Tensor]:
        """Mixes K tensors ``[N, C, …]``."""
        rule = "ij,jn...->in..." if self.alpha.ndim == 2 else "ijc,jnc...->inc..."
        return list(torch.einsum(rule, self.alpha, torch.stack(list(streams))).unbind())

    def table(self) -> Tensor:
        """[K, K]: α, or its mean over the channels."""
        return self.alpha if self.alpha.ndim == 2 else self.alpha.mean(dim=2)


class CrossStitchModel(TowersModel):
    """Towers that exchange features by a cross-stitch unit after every stage."""

    @torch.no_grad()
    def sharing_metrics(self) -> dict[tuple[str, str], float]:
        """Every unit's α, averaged over the channels if each has its own."""
        return self.unit_metrics(
            STITCH_WEIGHTS, [unit.table().tolist() for unit in self.units.values() if isinstance(unit, StitchUnit)]
        )


def build(plan: ModelPlan) -> CrossStitchModel:
    """Builds a tower per task, with a unit after every stage."""
    spec = plan.sharing
    assert isinstance(spec, CrossStitch)
    towers, heads = build_towers(plan), build_heads(plan)
    units = {
        stage.last: StitchUnit(len(heads), stage.shape[0] if spec.per_channel else None, spec.own)
        for stage in split_stages(plan.shared).stages
    }
    return CrossStitchModel(towers, heads, units, spec.lr_factor)
