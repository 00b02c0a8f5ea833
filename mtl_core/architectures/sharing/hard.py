"""Hard parameter sharing (Caruana 1993): one trunk, a head per task."""

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn

from mtl_core.architectures.components.blocks import TaskModules, build_heads, build_stack
from mtl_core.architectures.multi_task_model import Features, MultiTaskModel, last_parameters
from mtl_core.architectures.planning.model_plan import ModelPlan


class HardSharingModel(MultiTaskModel):
    """One trunk that every task reads, and a head per task.

    Args:
        shared: The trunk; empty for tasks that share only the input.
        heads: Each task's layers, the output layer included, in task order.
    """

    depends_on_task_order: ClassVar[bool] = False

    def __init__(self, shared: nn.Sequential, heads: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.tasks = tuple(heads)
        self.shared = shared
        self.heads = TaskModules(heads)

    def features(self, inputs: Tensor) -> Features:
        """Runs the trunk."""
        return (self.shared(inputs),)

    def head(self, task: int, features: Features) -> Tensor:
        """Runs a task's head."""
        output: Tensor = self.heads.for_task(self.tasks[task])(features[0])
        return output

    def head_outputs(self, features: Features) -> list[Tensor]:
        """Runs all heads without looking each one up, which would be noticeable in a small model's step."""
        return [head(features[0]) for head in self.heads.values()]

    def shared_parameters(self) -> list[nn.Parameter]:
        """The trunk's parameters."""
        return list(self.shared.parameters())

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """The parameters of the trunk's last layer that has any."""
        return last_parameters(self.shared)

    def head_parameters(self, task: str) -> list[nn.Parameter]:
        """The parameters of one task's head, its output layer included."""
        return list(self.heads.for_task(task).parameters())


def build(plan: ModelPlan) -> HardSharingModel:
    """Builds the trunk, then the heads."""
    return HardSharingModel(build_stack(plan.shared), build_heads(plan))
