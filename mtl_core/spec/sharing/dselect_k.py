"""DSelect-k: a mixture of experts whose gates learn to select a few of them."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.sharing.base import BaseSharing
from mtl_core.spec.sharing.block_diagram import SchemeDiagram, TrunkLayers, expert_diagram
from mtl_core.spec.sharing.learned_series import GATE_WEIGHTS, LearnedSeries


class DselectK(BaseSharing):
    """A mixture of experts whose gates learn to pick a few of them, smoothly: DSelect-k (Hazimeh et al. 2021)."""

    title: ClassVar[str] = "Gates that pick experts (DSelect-k)"
    learns: ClassVar[tuple[LearnedSeries, ...]] = (GATE_WEIGHTS,)
    kind: Literal["dselect_k"] = "dselect_k"
    experts: int = field(4, "Copies of the shared layers; a power of two suits the gates best.", ge=1, le=64)
    selected: int = field(2, "How many of them a task picks at most, in the end.", title="Picked (k)", ge=1, le=64)
    per_row: bool = field(False, "Pick anew for every row by its input, not once for the task.", title="Pick per row")
    entropy: float = field(
        0.01, "How strongly gates are drawn to a clear choice.", title="Entropy weight", ge=0, le=100, scale="log"
    )
    gamma: float = field(
        1.0, "Width of the smooth step; smaller decides sooner.", title="Step width", gt=0, le=100, advanced=True
    )

    def diagram(self, trunk: TrunkLayers, tasks: int) -> SchemeDiagram:
        """The experts and a gate for each task."""
        return expert_diagram([trunk.all], tasks, shared=self.experts)
