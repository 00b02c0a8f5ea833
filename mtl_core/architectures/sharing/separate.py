"""No sharing: a whole model for each task, the single-task reference."""

from collections.abc import Mapping

from torch import Tensor, nn

from mtl_core.architectures.multi_task_model import Features, MultiTaskModel
from mtl_core.architectures.planning.model_plan import Plan
from mtl_core.architectures.sharing.blocks import ByTask, Tower, heads_of, towers_of


class SeparateModel(MultiTaskModel):
    """A trunk and a head for each task; they share nothing but the input.

    Args:
        towers: Each task's trunk, in task order.
        heads: Each task's layers, the output layer included.
    """

    def __init__(self, towers: Mapping[str, Tower], heads: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.tasks = tuple(heads)
        self.towers = ByTask(towers)
        self.heads = ByTask(heads)

    def features(self, inputs: Tensor) -> Features:
        """The inputs themselves."""
        return (inputs,)

    def head(self, task: int, features: Features) -> Tensor:
        """A task's own trunk and head."""
        name = self.tasks[task]
        output: Tensor = self.heads.of(name)(self.towers.of(name)(features[0]))
        return output

    def shared_parameters(self) -> list[nn.Parameter]:
        """None."""
        return []

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """None."""
        return []

    def head_parameters(self, task: str) -> list[nn.Parameter]:
        """Those of the task's trunk and head."""
        return [*self.towers.of(task).parameters(), *self.heads.of(task).parameters()]


def build(plan: Plan) -> SeparateModel:
    """As many trunks as tasks, each with an initialisation of its own."""
    return SeparateModel(towers_of(plan), heads_of(plan))
