"""What sharing schemes are put together from."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from mtl_core.architectures.multi_task_model import last_parameters
from mtl_core.architectures.planning.layer_stack import Step, modules_of
from mtl_core.architectures.planning.model_plan import HeadPlan, Plan
from mtl_core.architectures.planning.stages import Stages, cut_stages
from mtl_core.spec.reports import Shape


def stack_of(steps: Sequence[Step]) -> nn.Sequential:
    """Layers one after another, built for use."""
    return nn.Sequential(*modules_of(steps))


def copies_of(steps: Sequence[Step], count: int, first: int = 0) -> list[nn.Sequential]:
    """The same layers several times, each with initial weights of its own.

    Args:
        steps: The layers.
        count: How many times.
        first: The place in the trunk of the first of them; they are named by their places.
    """
    return [_placed(steps, first) for _ in range(count)]


def whole_stages(steps: Sequence[Step]) -> list[list[Step]]:
    """A trunk in stages, of which the last holds the tail too; none for a trunk without layers."""
    cut = cut_stages(steps)
    parts = [stage.steps for stage in cut.stages] or [[]]
    parts[-1] = [*parts[-1], *cut.tail]
    return parts if parts[-1] else []


def heads_of(plan: Plan) -> dict[str, nn.Module]:
    """Each task's own layers and its output layer, by task."""
    return {task: _head(head) for task, head in plan.heads.items()}


def _head(head: HeadPlan) -> nn.Sequential:
    return nn.Sequential(*modules_of(head.layers), *modules_of(head.output))


class ByTask(nn.ModuleDict):
    """A module for each task, by its name.

    Args:
        modules: In task order.
    """

    def __init__(self, modules: Mapping[str, nn.Module]) -> None:
        # The prefix keeps a task called "train" or "type" from colliding with an attribute of the module.
        super().__init__({f"task_{name}": module for name, module in modules.items()})

    def of(self, task: str) -> nn.Module:
        """The task's own."""
        return self[f"task_{task}"]


class Tower(nn.Module):
    """A copy of the trunk of its own, in stages.

    Its layers are named by their place in the trunk, wherever a stage begins.

    Args:
        cut: The trunk.
    """

    def __init__(self, cut: Stages) -> None:
        super().__init__()
        self.stages = nn.ModuleList(_placed(stage.steps, stage.first) for stage in cut.stages)
        self.tail = stack_of(cut.tail)

    def forward(self, inputs: Tensor) -> Tensor:
        """All stages and the tail."""
        for stage in self.stages:
            inputs = stage(inputs)
        output: Tensor = self.tail(inputs)
        return output

    def last_parameters(self) -> list[nn.Parameter]:
        """Those of its last layer that has any."""
        return last_parameters([layer for stage in self.stages for layer in stage.children()])


def _placed(steps: Sequence[Step], first: int) -> nn.Sequential:
    modules = modules_of(steps)
    return nn.Sequential(OrderedDict((str(place), module) for place, module in enumerate(modules, first)))


def towers_of(plan: Plan) -> dict[str, Tower]:
    """A tower for each task; towers come before heads, so that all schemes of towers draw the same initial weights."""
    cut = cut_stages(plan.shared)
    return {task: Tower(cut) for task in plan.tasks}


def pointwise(inputs: int, outputs: int, shape: Shape) -> nn.Linear | nn.Conv1d | nn.Conv2d:
    """A linear map of the channels at each position: a Linear on features, a 1×1 convolution on what has positions.

    It has no bias: batch normalisation follows it, which would take that out again.

    Args:
        inputs: Channels that arrive.
        outputs: Channels that leave.
        shape: Shape of a row, channels first.

    Raises:
        ValueError: No such shape is known.
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
    """Batch normalisation of rows of a shape, channels first."""
    return nn.BatchNorm2d(shape[0]) if len(shape) == 3 else nn.BatchNorm1d(shape[0])
