"""Hard parameter sharing (Caruana 1993): one trunk, a head per task."""

from collections.abc import Mapping

from torch import Tensor, nn

from mtl_core.architectures.multi_task_model import Features, MultiTaskModel, last_parameters
from mtl_core.architectures.planning.model_plan import Plan
from mtl_core.architectures.sharing.blocks import ByTask, heads_of, stack_of


class HardSharingModel(MultiTaskModel):
    """One trunk that every task reads, and a head per task.

    Args:
        shared: The trunk; empty for tasks that share only the input.
        heads: Each task's layers, the output layer included, in task order.
    """

    def __init__(self, shared: nn.Sequential, heads: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.tasks = tuple(heads)
        self.shared = shared
        self.heads = ByTask(heads)

    def features(self, inputs: Tensor) -> Features:
        """What the trunk makes of a batch."""
        return (self.shared(inputs),)

    def head(self, task: int, features: Features) -> Tensor:
        """A head's output."""
        output: Tensor = self.heads.of(self.tasks[task])(features[0])
        return output

    def heads_from(self, features: Features) -> list[Tensor]:
        """All heads' outputs, without looking each head up: a small model's step is that short."""
        return [head(features[0]) for head in self.heads.values()]

    def shared_parameters(self) -> list[nn.Parameter]:
        """The trunk's parameters."""
        return list(self.shared.parameters())

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """Those of the trunk's last layer that has any."""
        return last_parameters(self.shared)

    def head_parameters(self, task: str) -> list[nn.Parameter]:
        """Those of one task's head, its output layer included."""
        return list(self.heads.of(task).parameters())


def build(plan: Plan) -> HardSharingModel:
    """The trunk, then the heads."""
    return HardSharingModel(stack_of(plan.shared), heads_of(plan))
