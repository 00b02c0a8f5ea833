"""Sluice networks (Ruder, Bingel, Augenstein & Søgaard: Latent Multi-task Architecture Learning, AAAI 2019)."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mtl_core.architectures.layers.errors import Fault, Mend
from mtl_core.architectures.multi_task_model import Features
from mtl_core.architectures.planning.model_plan import Plan
from mtl_core.architectures.planning.stages import Stage, Stages, cut_stages
from mtl_core.architectures.sharing.blocks import Tower, heads_of, towers_of
from mtl_core.architectures.sharing.towers import TowersModel, shares
from mtl_core.protocol.series import stage_name
from mtl_core.spec.layers import Conv1d, Conv2d, Linear
from mtl_core.spec.model import Sluice

_NORMS = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm)


class SluiceUnit(nn.Module):
    """Each task's features as two subspaces of half the channels; each of the 2K becomes a mixture of all.

    Args:
        tasks: K, how many.
        own: What a subspace takes of itself at the start; the other 2K - 1 share the rest of 1.
    """

    def __init__(self, tasks: int, own: float) -> None:
        super().__init__()
        self.alpha = nn.Parameter(shares(own, 2 * tasks))

    def forward(self, streams: Sequence[Tensor]) -> list[Tensor]:
        """Mix K tensors ``[N, C, …]`` of even C."""
        halves = torch.stack([half for stream in streams for half in stream.chunk(2, dim=1)])
        mixed = torch.einsum("ij,jn...->in...", self.alpha, halves)
        return [torch.cat([first, second], dim=1) for first, second in zip(mixed[::2], mixed[1::2], strict=True)]

    def table(self) -> Tensor:
        """[K, K]: the mean of α over the subspaces of each pair of tasks."""
        tasks = len(self.alpha) // 2
        return self.alpha.detach().view(tasks, 2, tasks, 2).sum(dim=3).mean(dim=1)


class SluiceModel(TowersModel):
    """Trunks of two subspaces each that mix after every stage, and whose stages are mixed again for the heads.

    The second mixture, β, is over the stages whose output has the shape of the last one's, so that it needs no
    projection; those of another shape take no part.

    Args:
        towers: Each task's trunk, in task order.
        heads: Each task's layers, the output layer included.
        cut: The trunk's stages.
        spec: The shares at the start, and how strongly the subspaces are kept apart.
    """

    beta: nn.Parameter | None
    """[K, L], the share of each mixed stage in what each head reads; None where there is but one."""

    def __init__(self, towers: Mapping[str, Tower], heads: Mapping[str, nn.Module], cut: Stages, spec: Sluice) -> None:
        units = {stage.last: SluiceUnit(len(heads), spec.own) for stage in cut.stages}
        super().__init__(towers, heads, units, spec.lr_factor)
        self._strength = spec.orthogonality
        self._mixed = [i for i, stage in enumerate(cut.stages) if stage.shape == cut.stages[-1].shape]
        self._channels = [stage.shape[0] for stage in cut.stages]
        self.beta = None
        if len(self._mixed) > 1:
            self.beta = nn.Parameter(shares(spec.last, len(self._mixed))[-1].repeat(len(heads), 1))

    def ends(self, levels: Sequence[Sequence[Tensor]], inputs: Tensor) -> Features:
        """What the trunks make of the mixture of their stages."""
        if self.beta is None:
            return super().ends(levels, inputs)
        stacked = [torch.stack([levels[level][task] for level in self._mixed]) for task in range(len(self.tasks))]
        mixed = [torch.einsum("l,ln...->n...", beta, x) for beta, x in zip(self.beta, stacked, strict=True)]
        return super().ends([mixed], inputs)

    def lr_factor(self, name: str) -> float:
        """β learns at the units' rate."""
        return super().lr_factor("units.beta" if name == "beta" else name)

    def shared_parameters(self) -> list[nn.Parameter]:
        """Those of all trunks and units, and β."""
        return [*super().shared_parameters(), *([] if self.beta is None else [self.beta])]

    def penalty(self) -> Tensor | None:
        """Strength × Σ ‖G₁ᵀG₂‖²_F over tasks and stages, with the weights that make the two subspaces as G₁ and G₂."""
        if self._strength == 0:
            return None
        products = [
            (first @ second.mT).square().sum()
            for tower in self._towers()
            for stage, channels in zip(tower.stages, self._channels, strict=True)
            for first, second in _subspaces(stage, channels)
        ]
        total = self._strength * torch.stack(products).sum() if products else None
        return total if total is not None and total.requires_grad else None

    @torch.no_grad()
    def learned(self) -> dict[tuple[str, str], float]:
        """What each task takes from each at every unit, over the subspaces; and of which stage its head reads."""
        tables = [unit.table().tolist() for unit in self.units.values() if isinstance(unit, SluiceUnit)]
        found = self.tabled("stitch", tables)
        if self.beta is not None:
            for task, row in zip(self.tasks, self.beta.tolist(), strict=True):
                found |= {(task, stage_name(i + 1)): beta for i, beta in zip(self._mixed, row, strict=True)}
        return found


def _subspaces(stage: nn.Module, channels: int) -> list[tuple[Tensor, Tensor]]:
    """The weights behind the first and the second half of a stage's channels, [C/2, n] each."""
    weights = [
        weight
        for module in stage.modules()
        if not isinstance(module, _NORMS)
        for weight in module.parameters(recurse=False)
        if weight.ndim > 1 and len(weight) == channels
    ]
    halves = [weight.flatten(1).chunk(2) for weight in weights]
    return [(first, second) for first, second in halves]


def check(plan: Plan) -> Plan:
    """A fault at each stage whose channels cannot be halved."""
    for stage in cut_stages(plan.shared).stages:
        if stage.shape[0] % 2:
            plan = _odd(plan, stage)
    return plan


def _odd(plan: Plan, stage: Stage) -> Plan:
    text = f"{plan.sharing.title} splits the channels behind this layer into two halves; there are {stage.shape[0]}."
    for index, step in enumerate(stage.steps, stage.first):
        layer = step.layer
        if isinstance(layer, Linear):
            even = layer.model_copy(update={"out_features": layer.out_features + 1})
            return plan.refuse(index, Fault(text, Mend(f"Set the outputs to {even.out_features}", (even,))))
        if isinstance(layer, Conv1d | Conv2d) and layer.groups == 1:
            wider = layer.model_copy(update={"out_channels": layer.out_channels + 1})
            return plan.refuse(index, Fault(text, Mend(f"Set the filters to {wider.out_channels}", (wider,))))
    return plan.refuse(stage.last, Fault(text))


def build(plan: Plan) -> SluiceModel:
    """A unit after every stage, and the mixture of stages before the heads."""
    assert isinstance(plan.sharing, Sluice)
    return SluiceModel(towers_of(plan), heads_of(plan), cut_stages(plan.shared), plan.sharing)
