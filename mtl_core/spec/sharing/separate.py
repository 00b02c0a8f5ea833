"""No sharing: a model for each task."""

from typing import ClassVar, Literal

from mtl_core.spec.sharing.base import BaseSharing
from mtl_core.spec.sharing.block_diagram import SchemeDiagram, TrunkLayers, tower_diagram


class SeparateModels(BaseSharing):
    """Nothing is shared: each task has a copy of the shared layers to itself, the single-task reference.

    Methods that combine gradients find nothing shared to combine.
    """

    title: ClassVar[str] = "Separate models"
    kind: Literal["separate"] = "separate"
    one_representation: ClassVar[bool] = False
    trains_trunk: ClassVar[bool] = False
    trains_jointly: ClassVar[bool] = True

    def input_copies(self, tasks: int) -> int:
        """One for each task."""
        return tasks

    def diagram(self, trunk: TrunkLayers, tasks: int) -> SchemeDiagram:
        """A tower for each task."""
        return tower_diagram(trunk, tasks)
