"""Base class of schemes with a frozen trunk that runs once for each task: soft prompts and prefixes."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from torch import Tensor, nn

from mtl_core.architectures.components.blocks import TaskModules
from mtl_core.architectures.components.inputs import InputReader
from mtl_core.architectures.layers.modules.layer_stack import LayerStack
from mtl_core.architectures.multi_task_model import Features, MultiTaskModel
from mtl_core.architectures.planning.layer_stack import LayerPlan
from mtl_core.datasets.data import Inputs
from mtl_core.spec.sharing.attention import have_attention


class FrozenTrunkModel(MultiTaskModel):
    """A frozen trunk, and for each task a head and what the trunk's attention reads for that task alone.

    The shared half ends where the tasks' own parts begin; the trunk runs on from there once for each task, as part of
    its head, so that these parts get the plain gradient of their task. Parameters of the trunk would there get the sum
    of all tasks' gradients, past the weighting, which is why such a scheme never trains them.

    Args:
        inputs: Reads the inputs, as one tensor.
        shared: The trunk.
        start: Index of the first of its layers that runs for each task.
        heads: Each task's layers, the output layer included, in task order.
    """

    depends_on_task_order: ClassVar[bool] = False

    def __init__(self, inputs: InputReader, shared: LayerStack, start: int, heads: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.tasks = tuple(heads)
        self.inputs = inputs.requires_grad_(False)
        self.shared = shared.requires_grad_(False)
        self.heads = TaskModules(heads)
        self._start = start

    @abstractmethod
    def run_trunk(self, task: str, inputs: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Runs the layers from ``start`` on for a task; gives the padding mask of their output too, if it is known."""

    @abstractmethod
    def own_parameters(self, task: str) -> list[nn.Parameter]:
        """The parameters that the trunk reads for this task alone."""

    def features(self, inputs: Inputs) -> Features:
        """Runs the layers that all tasks read; the padding mask of their output follows if there is one."""
        outputs, mask = self.layers(0, self._start).with_mask(*self.inputs.with_mask(inputs))
        return (outputs,) if mask is None else (outputs, mask.to(outputs.dtype))

    def head(self, task: int, features: Features) -> Tensor:
        """Runs the rest of the trunk for a task, then its head."""
        name = self.tasks[task]
        inputs, *masks = features
        result: Tensor = self.heads.for_task(name)(*self.run_trunk(name, inputs, masks[0] if masks else None))
        return result

    def layers(self, start: int, stop: int) -> LayerStack:
        """A part of the trunk."""
        layers = self.shared[start:stop]
        assert isinstance(layers, LayerStack)
        return layers

    def shared_parameters(self) -> list[nn.Parameter]:
        """An empty list: nothing that the tasks share is trained."""
        return []

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """An empty list: nothing that the tasks share is trained."""
        return []

    def frozen_parameters(self) -> list[nn.Parameter]:
        """The parameters of what reads the inputs, and of the trunk."""
        return [*self.inputs.parameters(), *self.shared.parameters()]

    def head_parameters(self, task: str) -> list[nn.Parameter]:
        """The parameters of the task's head, and those that the trunk reads for it alone."""
        return [*self.heads.for_task(task).parameters(), *self.own_parameters(task)]


def attention_layers(layer_plans: Sequence[LayerPlan]) -> list[int]:
    """The indices of the layers with attention; a pretrained model counts as one, whatever it is."""
    return [index for index, layer_plan in enumerate(layer_plans) if have_attention([layer_plan.layer])]
