"""Cross-stitch units (Misra, Shrivastava, Gupta & Hebert: Cross-stitch Networks for Multi-task Learning, CVPR 2016)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mtl_core.architectures.planning.model_plan import Plan
from mtl_core.architectures.planning.stages import cut_stages
from mtl_core.architectures.sharing.blocks import heads_of, towers_of
from mtl_core.architectures.sharing.towers import TowersModel, shares
from mtl_core.spec.model import CrossStitch


class StitchUnit(nn.Module):
    """x̃_i = Σ_j α_ij x_j, with a number for each pair of tasks, or one for each channel of the pair.

    Args:
        tasks: K, how many.
        channels: C for numbers of each channel's own; None for one for all.
        own: α_ii at the start; the others of a row share what is left of 1.
    """

    def __init__(self, tasks: int, channels: int | None, own: float) -> None:
        super().__init__()
        alpha = shares(own, tasks)
        self.alpha = nn.Parameter(alpha if channels is None else alpha[..., None].repeat(1, 1, channels))

    def forward(self, streams: Sequence[Tensor]) -> list[Tensor]:
        """Mix K tensors ``[N, C, …]``."""
        rule = "ij,jn...->in..." if self.alpha.ndim == 2 else "ijc,jnc...->inc..."
        return list(torch.einsum(rule, self.alpha, torch.stack(list(streams))).unbind())

    def table(self) -> Tensor:
        """[K, K]: α, or its mean over the channels."""
        return self.alpha if self.alpha.ndim == 2 else self.alpha.mean(dim=2)


class CrossStitchModel(TowersModel):
    """Trunks that take linear combinations of each other's features after every stage."""

    @torch.no_grad()
    def learned(self) -> dict[tuple[str, str], float]:
        """Every unit's α; its mean over the channels where each has its own."""
        return self.tabled(
            "stitch", [unit.table().tolist() for unit in self.units.values() if isinstance(unit, StitchUnit)]
        )


def build(plan: Plan) -> CrossStitchModel:
    """A unit after every stage."""
    spec = plan.sharing
    assert isinstance(spec, CrossStitch)
    towers, heads = towers_of(plan), heads_of(plan)
    units = {
        stage.last: StitchUnit(len(heads), stage.shape[0] if spec.per_channel else None, spec.own)
        for stage in cut_stages(plan.shared).stages
    }
    return CrossStitchModel(towers, heads, units, spec.lr_factor)
