"""MMoE: a mixture of experts with a gate for each task."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.sharing.base import BaseSharing
from mtl_core.spec.sharing.block_diagram import SchemeDiagram, TrunkLayers, expert_diagram
from mtl_core.spec.sharing.learned_series import GATE_WEIGHTS, LearnedSeries


class Mmoe(BaseSharing):
    """Several copies of the shared layers, the experts; each task mixes them by a gate (Ma et al. 2018).

    The gate is a softmax over a linear map of the input, flattened where that is an image.
    """

    title: ClassVar[str] = "Mixture of experts (MMoE)"
    learns: ClassVar[tuple[LearnedSeries, ...]] = (GATE_WEIGHTS,)
    kind: Literal["mmoe"] = "mmoe"
    experts: int = field(4, "Copies of the shared layers.", ge=1, le=64)

    def diagram(self, trunk: TrunkLayers, tasks: int) -> SchemeDiagram:
        """The experts and a gate for each task."""
        return expert_diagram([trunk.all], tasks, shared=self.experts)
