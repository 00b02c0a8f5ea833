"""No sharing: a whole model for each task, the single-task reference."""

from collections.abc import Mapping

from torch import Tensor, nn

from mtl_core.architectures.components.blocks import TaskModules, Tower, build_heads, build_towers
from mtl_core.architectures.components.inputs import pack_inputs, unpack_inputs
from mtl_core.architectures.layers.modules.layer_stack import reads_mask
from mtl_core.architectures.multi_task_model import Features, MultiTaskModel
from mtl_core.architectures.planning.model_plan import ModelPlan
from mtl_core.datasets.data import Inputs


class SeparateModel(MultiTaskModel):
    """A trunk and a head for each task; they share nothing but the inputs.

    Args:
        towers: Each task's trunk, in task order.
        heads: Each task's layers, the output layer included.
    """

    def __init__(self, towers: Mapping[str, Tower], heads: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.tasks = tuple(heads)
        self.towers = TaskModules(towers)
        self.heads = TaskModules(heads)

    def features(self, inputs: Inputs) -> Features:
        """The inputs, since nothing is shared."""
        return pack_inputs(self._tower(self.tasks[0]).inputs, inputs)

    def _tower(self, task: str) -> Tower:
        tower = self.towers.for_task(task)
        assert isinstance(tower, Tower)
        return tower

    def head(self, task: int, features: Features) -> Tensor:
        """Runs a task's own trunk and head."""
        name = self.tasks[task]
        tower = self._tower(name)
        head, tower_inputs = self.heads.for_task(name), unpack_inputs(tower.inputs, features)
        output: Tensor = head(*tower.with_mask(tower_inputs)) if reads_mask(head) else head(tower(tower_inputs))
        return output

    def shared_parameters(self) -> list[nn.Parameter]:
        """An empty list: nothing is shared."""
        return []

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """An empty list: nothing is shared."""
        return []

    def head_parameters(self, task: str) -> list[nn.Parameter]:
        """The parameters of the task's trunk and head."""
        return [*self.towers.for_task(task).parameters(), *self.heads.for_task(task).parameters()]


def build(plan: ModelPlan) -> SeparateModel:
    """Builds a trunk per task, each with its own initial weights."""
    return SeparateModel(build_towers(plan), build_heads(plan))
