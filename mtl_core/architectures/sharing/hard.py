"""Hard parameter sharing (Caruana 1993): one trunk, a head per task."""

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn

from mtl_core.architectures.components.blocks import TaskModules, build_heads, build_stack
from mtl_core.architectures.components.inputs import InputReader, build_inputs, last_input_parameters
from mtl_core.architectures.layers.modules.layer_stack import LayerStack, reads_mask
from mtl_core.architectures.multi_task_model import Features, MultiTaskModel, last_parameters
from mtl_core.architectures.planning.model_plan import ModelPlan
from mtl_core.datasets.data import Inputs


class HardSharingModel(MultiTaskModel):
    """One trunk that every task reads, and a head per task.

    Args:
        inputs: Reads the inputs, as one tensor.
        shared: The trunk; empty for tasks that share only the input.
        heads: Each task's layers, the output layer included, in task order.
    """

    depends_on_task_order: ClassVar[bool] = False

    def __init__(self, inputs: InputReader, shared: LayerStack, heads: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.tasks = tuple(heads)
        self.inputs = inputs
        self.shared = shared
        self.heads = TaskModules(heads)
        self._heads_read_mask = any(map(reads_mask, heads.values()))
        self._uses_mask = shared.reads_mask or self._heads_read_mask

    def features(self, inputs: Inputs) -> Features:
        """Reads the inputs and runs the trunk; the padding mask of its output follows if a head reads it."""
        if not self._uses_mask:
            return (self.shared(self.inputs(inputs)),)
        outputs, mask = self.shared.with_mask(*self.inputs.with_mask(inputs))
        return (outputs,) if mask is None or not self._heads_read_mask else (outputs, mask.to(outputs.dtype))

    def head(self, task: int, features: Features) -> Tensor:
        """Runs a task's head."""
        output: Tensor = self.heads.for_task(self.tasks[task])(*features)
        return output

    def head_outputs(self, features: Features) -> list[Tensor]:
        """Runs all heads without looking each one up, which would be noticeable in a small model's step."""
        return [head(*features) for head in self.heads.values()]

    def shared_parameters(self) -> list[nn.Parameter]:
        """The parameters of what reads the inputs, and of the trunk."""
        return [*self.inputs.parameters(), *self.shared.parameters()]

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """The parameters of the trunk's last layer that has any."""
        return last_parameters(self.shared) or last_input_parameters(self.inputs)

    def head_parameters(self, task: str) -> list[nn.Parameter]:
        """The parameters of one task's head, its output layer included."""
        return list(self.heads.for_task(task).parameters())


def build(plan: ModelPlan) -> HardSharingModel:
    """Builds what reads the inputs, the trunk, then the heads."""
    return HardSharingModel(build_inputs(plan.inputs), build_stack(plan.shared), build_heads(plan))
