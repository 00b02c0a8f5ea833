"""CGC: shared and task-specific experts with a gate for each task."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.sharing.base import BaseSharing
from mtl_core.spec.sharing.block_diagram import SchemeDiagram, TrunkLayers, expert_diagram
from mtl_core.spec.sharing.learned_series import GATE_WEIGHTS, LearnedSeries


class Cgc(BaseSharing):
    """Experts for all tasks and experts of each task's own; a gate per task mixes both (Tang et al. 2020)."""

    title: ClassVar[str] = "Customized gate control (CGC)"
    learns: ClassVar[tuple[LearnedSeries, ...]] = (GATE_WEIGHTS,)
    kind: Literal["cgc"] = "cgc"
    shared_experts: int = field(2, "Experts that every task reads; each is a copy of the shared layers.", ge=1, le=64)
    own_experts: int = field(1, "Further experts of each task that no other task reads.", ge=0, le=64)

    def diagram(self, trunk: TrunkLayers, tasks: int) -> SchemeDiagram:
        """The experts and a gate for each task."""
        return expert_diagram([trunk.all], tasks, shared=self.shared_experts, own=self.own_experts)
