"""MTAN: attention masks (Liu, Johns & Davison: End-to-End Multi-Task Learning with Attention, CVPR 2019)."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mtl_core.architectures.components.blocks import TaskModules, Tower, batch_norm, build_heads
from mtl_core.architectures.components.inputs import build_inputs
from mtl_core.architectures.layers.modules.layer_stack import has_positions_of, reads_mask
from mtl_core.architectures.layers.modules.masks import masked_mean
from mtl_core.architectures.layers.modules.pointwise import pointwise_linear
from mtl_core.architectures.multi_task_model import Features, MultiTaskModel
from mtl_core.architectures.planning.model_plan import ModelPlan
from mtl_core.architectures.planning.stages import split_stages
from mtl_core.datasets.data import Inputs
from mtl_core.spec.reports import Shape


class AveragePooling(nn.Module):
    """Adaptive average pooling by matrix products, whose gradients are deterministic.

    Args:
        input_shape: Shape of a row, channels first.
        target_shape: Number of positions per dimension; empty for global pooling.
    """

    def __init__(self, input_shape: Shape, target_shape: Shape) -> None:
        super().__init__()
        self._flat = not target_shape and len(input_shape) > 1
        pairs = list(zip(input_shape[1:], target_shape, strict=True)) if target_shape else []
        self._dims = [dim for dim, (size, target) in enumerate(pairs, 2) if size != target]
        for dim in self._dims:
            self.register_buffer(f"onto_{dim}", _averaging_matrix(*pairs[dim - 2]), persistent=False)

    def forward(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Pools ``[N, C, …]`` to the target shape; global pooling leaves out what a padding mask hides."""
        if self._flat:
            return masked_mean(inputs, mask)
        for dim in self._dims:
            inputs = (inputs.movedim(dim, -1) @ self.get_buffer(f"onto_{dim}").mT).movedim(-1, dim)
        return inputs


def _averaging_matrix(size: int, target: int) -> Tensor:
    """[target, size] a matrix whose rows each average a window of positions."""
    matrix = torch.zeros(target, size)
    for row in range(target):
        start, stop = row * size // target, -(-(row + 1) * size // target)
        matrix[row, start:stop] = 1 / (stop - start)
    return matrix


class Attention(nn.Module):
    """A task's attention mask on the shared features of a stage.

    sigmoid(BN(1×1(ReLU(BN(1×1([p, ã])))))), where p are the shared features and ã the task's masked features of the
    stage before, averaged onto p's positions. On features without positions the 1×1 convolutions are linear layers. The
    paper's blocks have several layers and read the first one's features; a stage has one such layer, so p is both.

    Args:
        shape: Shape of a row of the shared features, channels first.
        previous: That of the stage before; None for the first stage, whose mask reads the shared features alone.
    """

    def __init__(self, shape: Shape, previous: Shape | None) -> None:
        super().__init__()
        self.fit = None if previous is None else AveragePooling(previous, shape[1:])
        self.mask = nn.Sequential(
            pointwise_linear(shape[0] + (previous[0] if previous else 0), shape[0], shape),
            batch_norm(shape),
            nn.ReLU(),
            pointwise_linear(shape[0], shape[0], shape),
            batch_norm(shape),
            nn.Sigmoid(),
        )

    def forward(self, features: Tensor, previous: Tensor | None, padding: Tensor | None = None) -> Tensor:
        """Masks the shared features.

        Args:
            features: Those of the stage.
            previous: The masked features of the stage before.
            padding: Their padding mask, where it is known.
        """
        mask_inputs = [features] if self.fit is None else [features, self.fit(previous, padding)]
        masked: Tensor = self.mask(torch.cat(mask_inputs, dim=1)) * features
        return masked


class MtanModel(MultiTaskModel):
    """One trunk for all tasks, and for each task an attention mask on the features of every stage.

    The shared half computes the features of all stages, the same for all tasks; the masks belong to the heads.

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
        self.attention = TaskModules({task: nn.ModuleList(masks) for task, masks in attention.items()})
        self.heads = TaskModules(heads)
        self._uses_mask = any(map(reads_mask, self.modules()))

    def features(self, inputs: Inputs) -> Features:
        """Outputs of the trunk's stages; what the trunk reads if there is none.

        Where layers read padding masks, that of each output follows; ones ``[N, 1]`` where none is known.
        """
        x, mask = self.trunk.inputs.with_mask(inputs)
        outputs, masks = [x], [mask]
        for level in range(len(self.trunk.stages)):
            x, mask = self.trunk.run_stage(level, x, mask)
            outputs.append(x)
            masks.append(mask)
        outputs, masks = outputs[1:] or outputs, masks[1:] or masks
        if not self._uses_mask or all(mask is None for mask in masks):
            return tuple(outputs)
        tensors = [x.new_ones(len(x), 1) if mask is None else mask.to(x.dtype) for mask in masks]
        return (*outputs, *tensors)

    def head(self, task: int, features: Features) -> Tensor:
        """Applies a task's masks stage by stage, and runs its head on the last masked features."""
        name = self.tasks[task]
        masks = self.attention.for_task(name)
        assert isinstance(masks, nn.ModuleList)
        count = max(len(masks), 1)
        levels, paddings = features[:count], features[count:] or (None,) * count
        masked: Tensor | None = None
        padding: Tensor | None = None
        for mask, level, next_padding in zip(masks, levels, paddings, strict=False):
            masked, padding = mask(level, masked, padding), _known(level, next_padding)
        if masked is None:
            masked, padding = levels[0], _known(levels[0], paddings[0])
        output: Tensor = self.heads.for_task(name)(*self.trunk.tail.with_mask(masked, padding))
        return output

    def shared_parameters(self) -> list[nn.Parameter]:
        """The trunk's parameters."""
        return list(self.trunk.parameters())

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """The parameters of the trunk's last layer that has any."""
        return self.trunk.last_parameters()

    def head_parameters(self, task: str) -> list[nn.Parameter]:
        """The parameters of the task's masks and head."""
        return [*self.attention.for_task(task).parameters(), *self.heads.for_task(task).parameters()]


def _known(features: Tensor, padding: Tensor | None) -> Tensor | None:
    """The padding mask of features, unless it stands for an unknown one."""
    return padding if padding is not None and has_positions_of(features, padding) else None


def build(plan: ModelPlan) -> MtanModel:
    """Builds one trunk, with a mask for each task on every stage."""
    split = split_stages(plan.shared)
    trunk, heads = Tower(build_inputs(plan.inputs), split), build_heads(plan)
    shapes = [stage.shape for stage in split.stages]
    pairs = list(zip(shapes, [None, *shapes], strict=False))
    return MtanModel(trunk, {task: [Attention(shape, previous) for shape, previous in pairs] for task in heads}, heads)
