"""Attention masks (Liu, Johns & Davison: End-to-End Multi-Task Learning with Attention, CVPR 2019)."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mtl_core.architectures.multi_task_model import Features, MultiTaskModel
from mtl_core.architectures.planning.model_plan import Plan
from mtl_core.architectures.planning.stages import cut_stages
from mtl_core.architectures.sharing.blocks import ByTask, Tower, batch_norm, heads_of, pointwise
from mtl_core.spec.reports import Shape


class Averages(nn.Module):
    """Averages of positions, as many as are wanted; by matrices, whose gradients are the same bits at every run.

    Args:
        arriving: Shape of a row, channels first.
        positions: Sizes wanted; none for the average of all.
    """

    def __init__(self, arriving: Shape, positions: Shape) -> None:
        super().__init__()
        self._flat = not positions and len(arriving) > 1
        pairs = list(zip(arriving[1:], positions, strict=True)) if positions else []
        self._dims = [dim for dim, (size, onto) in enumerate(pairs, 2) if size != onto]
        for dim in self._dims:
            self.register_buffer(f"onto_{dim}", _averages(*pairs[dim - 2]), persistent=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """``[N, C, …]`` with other positions."""
        if self._flat:
            return inputs.flatten(2).mean(dim=2)
        for dim in self._dims:
            inputs = (inputs.movedim(dim, -1) @ self.get_buffer(f"onto_{dim}").mT).movedim(-1, dim)
        return inputs


def _averages(size: int, onto: int) -> Tensor:
    """[onto, size]: the average of a window of neighbours in each row."""
    matrix = torch.zeros(onto, size)
    for row in range(onto):
        start, stop = row * size // onto, -(-(row + 1) * size // onto)
        matrix[row, start:stop] = 1 / (stop - start)
    return matrix


class Attention(nn.Module):
    """A task's mask on the shared features of a stage.

    sigmoid(BN(1×1(ReLU(BN(1×1([p, ã])))))), where p are the shared features and ã the task's masked features of the
    stage before, averaged onto p's positions. On features without positions the 1×1 convolutions are linear layers. The
    paper's blocks have several layers and look at the first one's features; a stage has one such layer, so p is both.

    Args:
        shape: Shape of a row of the shared features, channels first.
        before: That of the stage before; None for the first stage, which looks at the shared features alone.
    """

    def __init__(self, shape: Shape, before: Shape | None) -> None:
        super().__init__()
        self.fit = None if before is None else Averages(before, shape[1:])
        self.mask = nn.Sequential(
            pointwise(shape[0] + (before[0] if before else 0), shape[0], shape),
            batch_norm(shape),
            nn.ReLU(),
            pointwise(shape[0], shape[0], shape),
            batch_norm(shape),
            nn.Sigmoid(),
        )

    def forward(self, features: Tensor, before: Tensor | None) -> Tensor:
        """The masked features."""
        beside = [features] if self.fit is None else [features, self.fit(before)]
        masked: Tensor = self.mask(torch.cat(beside, dim=1)) * features
        return masked


class MtanModel(MultiTaskModel):
    """One trunk for all tasks, and for each task a mask on the features of every stage.

    The shared half gives the features of all stages, which are the same for all tasks; the masks belong to their tasks.

    Args:
        trunk: The shared layers.
        attention: For each task, in task order, its masks, stage by stage.
        heads: Each task's layers, the output layer included.
    """

    def __init__(
        self, trunk: Tower, attention: Mapping[str, Sequence[Attention]], heads: Mapping[str, nn.Module]
    ) -> None:
        super().__init__()
        self.tasks = tuple(heads)
        self.trunk = trunk
        self.attention = ByTask({task: nn.ModuleList(masks) for task, masks in attention.items()})
        self.heads = ByTask(heads)

    def features(self, inputs: Tensor) -> Features:
        """What leaves each stage of the trunk; the inputs where there is none."""
        found = []
        for stage in self.trunk.stages:
            inputs = stage(inputs)
            found.append(inputs)
        return tuple(found) or (inputs,)

    def head(self, task: int, features: Features) -> Tensor:
        """A head's output from the features of the last stage, masked with regard to those before."""
        name = self.tasks[task]
        masks = self.attention.of(name)
        assert isinstance(masks, nn.ModuleList)
        masked = None if len(masks) else features[0]
        for mask, level in zip(masks, features, strict=False):
            masked = mask(level, masked)
        output: Tensor = self.heads.of(name)(self.trunk.tail(masked))
        return output

    def shared_parameters(self) -> list[nn.Parameter]:
        """The trunk's."""
        return list(self.trunk.parameters())

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """Those of the trunk's last layer that has any."""
        return self.trunk.last_parameters()

    def head_parameters(self, task: str) -> list[nn.Parameter]:
        """Those of the task's masks and head."""
        return [*self.attention.of(task).parameters(), *self.heads.of(task).parameters()]


def build(plan: Plan) -> MtanModel:
    """A mask for each task on every stage of one trunk."""
    cut = cut_stages(plan.shared)
    trunk, heads = Tower(cut), heads_of(plan)
    shapes = [stage.shape for stage in cut.stages]
    pairs = list(zip(shapes, [None, *shapes], strict=False))
    return MtanModel(trunk, {task: [Attention(shape, before) for shape, before in pairs] for task in heads}, heads)
