"""Building blocks of sharing schemes: layer stacks, heads, towers and modules by task."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from mtl_core.architectures.components.inputs import InputReader, build_inputs, last_input_parameters
from mtl_core.architectures.layers.members import SplitMembers
from mtl_core.architectures.layers.modules.layer_stack import LayerStack, reads_mask
from mtl_core.architectures.multi_task_model import last_parameters
from mtl_core.architectures.planning.layer_stack import LayerPlan, build_modules
from mtl_core.architectures.planning.model_plan import HeadPlan, ModelPlan
from mtl_core.architectures.planning.stages import Stages, split_stages
from mtl_core.datasets.data import Inputs
from mtl_core.spec.reports import Shape


def build_stack(layer_plans: Sequence[LayerPlan]) -> LayerStack:
    """Builds layers as one sequential module."""
    return LayerStack(*build_modules(layer_plans))


def build_copies(layer_plans: Sequence[LayerPlan], count: int, first: int = 0) -> list[LayerStack]:
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


def _build_head(head: HeadPlan) -> LayerStack:
    split = [] if head.members is None else [SplitMembers(head.members.count)]
    return LayerStack(*build_modules(head.layers), *build_modules(head.output), *split)


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
        self.reads_mask = any(map(reads_mask, (*self.stages, self.tail)))

    def forward(self, inputs: Inputs) -> Tensor:
        """Reads the inputs, and runs all stages and the tail."""
        if self.reads_mask:
            return self.with_mask(inputs)[0]
        x: Tensor = self.inputs(inputs)
        for stage in self.stages:
            x = stage(x)
        output: Tensor = self.tail(x)
        return output

    def with_mask(self, inputs: Inputs) -> tuple[Tensor, Tensor | None]:
        """As ``forward``; gives the padding mask of the output too, where it is known."""
        x, mask = self.inputs.with_mask(inputs)
        for level in range(len(self.stages)):
            x, mask = self.run_stage(level, x, mask)
        return self.tail.with_mask(x, mask)

    def run_stage(self, level: int, x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Runs a stage on features and their padding mask."""
        stage = self.stages[level]
        assert isinstance(stage, LayerStack)
        return stage.with_mask(x, mask)

    def last_parameters(self) -> list[nn.Parameter]:
        """The parameters of its last layer that has any."""
        layers = [layer for stage in self.stages for layer in stage.children()]
        return last_parameters(layers) or last_input_parameters(self.inputs)


def _indexed_stack(layer_plans: Sequence[LayerPlan], first: int) -> LayerStack:
    modules = build_modules(layer_plans)
    return LayerStack(OrderedDict((str(index), module) for index, module in enumerate(modules, first)))


def build_towers(plan: ModelPlan) -> dict[str, Tower]:
    """Builds a tower for each task. Call it before `build_heads`: all schemes then draw the same initial weights."""
    split = split_stages(plan.shared)
    return {task: Tower(build_inputs(plan.inputs), split) for task in plan.tasks}


def batch_norm(shape: Shape) -> nn.BatchNorm1d | nn.BatchNorm2d:
    """Builds batch normalization for rows of a shape, channels first."""
    return nn.BatchNorm2d(shape[0]) if len(shape) == 3 else nn.BatchNorm1d(shape[0])
