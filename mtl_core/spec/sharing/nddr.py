"""NDDR layers: a trunk for each task, whose features are fused by 1×1 convolutions."""

from typing import ClassVar, Literal

from mtl_core.spec.sharing.base import BaseSharing, lr_factor_field, own_share_field
from mtl_core.spec.sharing.block_diagram import SchemeDiagram, TrunkLayers, tower_diagram
from mtl_core.spec.sharing.learned_series import LearnedSeries

FUSION_WEIGHTS = LearnedSeries("fusion {number} from {source}", "fusion {number}")
"""The share of each task's features in a task's own, by absolute weights, at each layer."""


class Nddr(BaseSharing):
    """Each task has a copy of the shared layers; behind every stage all copies' features are fused (Gao et al. 2019).

    They are laid side by side and brought back to each task's width by a 1×1 convolution (a linear layer where there
    are no positions), batch norm and ReLU.
    """

    title: ClassVar[str] = "NDDR layers"
    kind: Literal["nddr"] = "nddr"
    one_representation: ClassVar[bool] = False
    learns: ClassVar[tuple[LearnedSeries, ...]] = (FUSION_WEIGHTS,)
    own: float = own_share_field()
    lr_factor: float = lr_factor_field()

    def input_copies(self, tasks: int) -> int:
        """One for each task."""
        return tasks

    def diagram(self, trunk: TrunkLayers, tasks: int) -> SchemeDiagram:
        """A tower for each task, with a layer across all of them after each stage."""
        return tower_diagram(trunk, tasks, unit="NDDR {}: 1×1 · norm · ReLU")
