"""Building blocks of sharing schemes: layer stacks, heads, towers and modules by task."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from mtl_core.architectures.components.inputs import InputReader, build_inputs, last_input_parameters
from mtl_core.architectures.layers.members import SplitMembers
from mtl_core.architectures.multi_task_model import last_parameters
from mtl_core.architectures.planning.layer_stack import LayerPlan, build_modules
from mtl_core.architectures.planning.model_plan import HeadPlan, ModelPlan
from mtl_core.architectures.planning.stages import Stages, split_stages
from mtl_core.datasets.data import Inputs
from mtl_core.spec.reports import Shape


def build_stack(layer_plans: Sequence[LayerPlan]) -> nn.Sequential:
    """Builds layers as one sequential module."""
    return nn.Sequential(*build_modules(layer_plans))


def build_copies(layer_plans: Sequence[LayerPlan], count: int, first: int = 0) -> list[nn.Sequential]:
    """Builds several copies of the same layers, each with its own initial weights.

    Args:
        layer_plans: The layers.
        count: Number of copies.
        first: Index in the trunk of the first of them; the modules are named by these indices.
    """
    return [_indexed_stack(layer_plans, first) for _ in range(count)]


def build_heads(plan: ModelPlan) -> dict[str, nn.Module]:
    """Builds each task's own layers and its output layer, by task."""
    return {task: _build_head(head) for task, head in plan.heads.items()}


def _build_head(head: HeadPlan) -> nn.Sequential:
    split = [] if head.members is None else [SplitMembers(head.members.count)]
    return nn.Sequential(*build_modules(head.layers), *build_modules(head.output), *split)


class TaskModules(nn.ModuleDict):
    """A module dict with one module per task, by task name.

    Args:
        modules: In task order.
    """

    def __init__(self, modules: Mapping[str, nn.Module]) -> None:
        # The prefix keeps a task called "train" or "type" from colliding with an attribute of the module.
        super().__init__({f"task_{name}": module for name, module in modules.items()})

    def for_task(self, task: str) -> nn.Module:
        """The task's module."""
        return self[f"task_{task}"]


class Tower(nn.Module):
    """A task's own copy of the trunk, in stages.

    Its layers are named by their index in the trunk, across all stages.

    Args:
        inputs: Reads the inputs, as one tensor.
        split: The trunk's stages.
    """

    def __init__(self, inputs: InputReader, split: Stages) -> None:
        super().__init__()
        self.inputs = inputs
        self.stages = nn.ModuleList(_indexed_stack(stage.layer_plans, stage.first) for stage in split.stages)
        self.tail = build_stack(split.tail)

    def forward(self, inputs: Inputs) -> Tensor:
        """Reads the inputs, and runs all stages and the tail."""
        x: Tensor = self.inputs(inputs)
        for stage in self.stages:
            x = stage(x)
        output: Tensor = self.tail(x)
        return output

    def last_parameters(self) -> list[nn.Parameter]:
        """The parameters of its last layer that has any."""
        layers = [layer for stage in self.stages for layer in stage.children()]
        return last_parameters(layers) or last_input_parameters(self.inputs)


def _indexed_stack(layer_plans: Sequence[LayerPlan], first: int) -> nn.Sequential:
    modules = build_modules(layer_plans)
    return nn.Sequential(OrderedDict((str(index), module) for index, module in enumerate(modules, first)))


def build_towers(plan: ModelPlan) -> dict[str, Tower]:
    """Builds a tower for each task. Call it before `build_heads`: all schemes then draw the same initial weights."""
    split = split_stages(plan.shared)
    return {task: Tower(build_inputs(plan.inputs), split) for task in plan.tasks}


def pointwise_linear(inputs: int, outputs: int, shape: Shape) -> nn.Linear | nn.Conv1d | nn.Conv2d:
    """Builds a linear map of the channels at each position: a Linear without positions, else a 1×1 convolution.

    It has no bias, which the batch normalization after it would cancel.

    Args:
        inputs: Number of input channels.
        outputs: Number of output channels.
        shape: Shape of a row, channels first.

    Raises:
        ValueError: The shape has more than three dimensions or none.
    """
    match len(shape):
        case 1:
            return nn.Linear(inputs, outputs, bias=False)
        case 2:
            return nn.Conv1d(inputs, outputs, 1, bias=False)
        case 3:
            return nn.Conv2d(inputs, outputs, 1, bias=False)
    raise ValueError(f"no map of the channels of a row of shape {shape}")


def batch_norm(shape: Shape) -> nn.BatchNorm1d | nn.BatchNorm2d:
    """Builds batch normalization for rows of a shape, channels first."""
    return nn.BatchNorm2d(shape[0]) if len(shape) == 3 else nn.BatchNorm1d(shape[0])
