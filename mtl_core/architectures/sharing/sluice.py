"""Sluice networks (Ruder, Bingel, Augenstein & Søgaard: Latent Multi-task Architecture Learning, AAAI 2019)."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mtl_core.architectures.components.blocks import Tower, build_heads, build_towers
from mtl_core.architectures.components.towers import TowersModel, share_matrix
from mtl_core.architectures.layers.faults import Fault, QuickFix
from mtl_core.architectures.layers.members import BatchEnsembleLinear, MemberScaling, PackedLinear
from mtl_core.architectures.multi_task_model import Features
from mtl_core.architectures.planning.model_plan import ModelPlan
from mtl_core.architectures.planning.stages import Stage, Stages, split_stages
from mtl_core.spec.layers import Conv1d, Conv2d, Linear
from mtl_core.spec.sharing.learned_series import STITCH_WEIGHTS
from mtl_core.spec.sharing.sluice import STAGE_WEIGHTS, Sluice

_WITHOUT_SUBSPACES = (
    nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm, MemberScaling, BatchEnsembleLinear, PackedLinear,
)  # fmt: skip
"""Modules whose own parameters have no row for each output channel."""


class SluiceUnit(nn.Module):
    """Sluice unit: each task's channels are split into two subspaces, and each of the 2K becomes a mixture of all.

    Args:
        tasks: K, number of tasks.
        own: Initial weight of a subspace itself; the other 2K - 1 share the rest of 1 equally.
    """

    def __init__(self, tasks: int, own: float) -> None:
        super().__init__()
        self.alpha = nn.Parameter(share_matrix(own, 2 * tasks))

    def forward(self, streams: Sequence[Tensor]) -> list[Tensor]:
        """Mixes K tensors ``[N, C, …]`` of even C."""
        halves = torch.stack([half for stream in streams for half in stream.chunk(2, dim=1)])
        mixed = torch.einsum("ij,jn...->in...", self.alpha, halves)
        return [torch.cat([first, second], dim=1) for first, second in zip(mixed[::2], mixed[1::2], strict=True)]

    def table(self) -> Tensor:
        """[K, K]: the mean of α over the subspaces of each pair of tasks."""
        tasks = len(self.alpha) // 2
        return self.alpha.detach().view(tasks, 2, tasks, 2).sum(dim=3).mean(dim=1)


class SluiceModel(TowersModel):
    """Towers that exchange subspaces by a sluice unit after every stage, with heads that read a mixture of stages.

    The second mixture, β, is over the stages whose output has the shape of the last one's, so that it needs no
    projection; other stages are left out.

    Args:
        towers: Each task's trunk, in task order.
        heads: Each task's layers, the output layer included.
        split: The trunk's stages.
        spec: The initial weights, and the strength of the orthogonality penalty.
    """

    beta: nn.Parameter | None
    """[K, L] the weight of each mixed stage in each head's input; None if there is only one."""

    def __init__(
        self, towers: Mapping[str, Tower], heads: Mapping[str, nn.Module], split: Stages, spec: Sluice
    ) -> None:
        units = {stage.last: SluiceUnit(len(heads), spec.own) for stage in split.stages}
        super().__init__(towers, heads, units, spec.lr_factor)
        self._strength = spec.orthogonality
        self._mixed_stages = [i for i, stage in enumerate(split.stages) if stage.shape == split.stages[-1].shape]
        self._channels = [stage.shape[0] for stage in split.stages]
        self.beta = None
        if len(self._mixed_stages) > 1:
            self.beta = nn.Parameter(share_matrix(spec.last, len(self._mixed_stages))[-1].repeat(len(heads), 1))

    def tail_outputs(self, levels: Sequence[Sequence[Tensor]], streams: Sequence[Tensor]) -> Features:
        """Runs the towers' tails on the mixture of their stages."""
        if self.beta is None:
            return super().tail_outputs(levels, streams)
        stage_features = [
            torch.stack([levels[level][task] for level in self._mixed_stages]) for task in range(len(self.tasks))
        ]
        mixed = [torch.einsum("l,ln...->n...", beta, x) for beta, x in zip(self.beta, stage_features, strict=True)]
        return super().tail_outputs([mixed], streams)

    def lr_factor(self, name: str) -> float:
        """The learning rate factor; β has that of the units."""
        return super().lr_factor("units.beta" if name == "beta" else name)

    def shared_parameters(self) -> list[nn.Parameter]:
        """The parameters of all towers and units, and β."""
        return [*super().shared_parameters(), *([] if self.beta is None else [self.beta])]

    def penalty(self) -> Tensor | None:
        """Strength × Σ ‖G₁ᵀG₂‖²_F over tasks and stages, where G₁ and G₂ are the weights of the two subspaces."""
        if self._strength == 0:
            return None
        products = [
            (first @ second.mT).square().sum()
            for tower in self._task_towers()
            for stage, channels in zip(tower.stages, self._channels, strict=True)
            for first, second in _subspaces(stage, channels)
        ]
        total = self._strength * torch.stack(products).sum() if products else None
        return total if total is not None and total.requires_grad else None

    @torch.no_grad()
    def sharing_metrics(self) -> dict[tuple[str, str], float]:
        """The weights between each pair of tasks at every unit, and of each stage in each head's input."""
        tables = [unit.table().tolist() for unit in self.units.values() if isinstance(unit, SluiceUnit)]
        metrics = self.unit_metrics(STITCH_WEIGHTS, tables)
        if self.beta is not None:
            for task, row in zip(self.tasks, self.beta.tolist(), strict=True):
                metrics |= {
                    (task, STAGE_WEIGHTS.metric(f"stage {i + 1}")): beta
                    for i, beta in zip(self._mixed_stages, row, strict=True)
                }
        return metrics


def _subspaces(stage: nn.Module, channels: int) -> list[tuple[Tensor, Tensor]]:
    """The weights of the first and the second half of a stage's output channels, [C/2, n] each."""
    weights = [
        weight
        for module in stage.modules()
        if not isinstance(module, _WITHOUT_SUBSPACES)
        for weight in module.parameters(recurse=False)
        if weight.ndim > 1 and len(weight) == channels
    ]
    halves = [weight.flatten(1).chunk(2) for weight in weights]
    return [(first, second) for first, second in halves]


def check(plan: ModelPlan) -> ModelPlan:
    """Adds a fault at each stage with an odd number of channels."""
    for stage in split_stages(plan.shared).stages:
        if stage.shape[0] % 2:
            plan = _with_channel_fault(plan, stage)
    return plan


def _with_channel_fault(plan: ModelPlan, stage: Stage) -> ModelPlan:
    text = f"{plan.sharing.title} splits the channels behind this layer into two halves; there are {stage.shape[0]}."
    for index, layer_plan in enumerate(stage.layer_plans, stage.first):
        layer = layer_plan.layer
        if isinstance(layer, Linear):
            even = layer.model_copy(update={"out_features": layer.out_features + 1})
            return plan.with_fault(index, Fault(text, QuickFix(f"Set the outputs to {even.out_features}", (even,))))
        if isinstance(layer, Conv1d | Conv2d) and layer.groups == 1:
            wider = layer.model_copy(update={"out_channels": layer.out_channels + 1})
            return plan.with_fault(index, Fault(text, QuickFix(f"Set the filters to {wider.out_channels}", (wider,))))
    return plan.with_fault(stage.last, Fault(text))


def build(plan: ModelPlan) -> SluiceModel:
    """Builds a tower per task, with a unit after every stage and the mixture of stages before the heads."""
    assert isinstance(plan.sharing, Sluice)
    return SluiceModel(build_towers(plan), build_heads(plan), split_stages(plan.shared), plan.sharing)
