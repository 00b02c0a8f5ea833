"""Cross-stitch units: a trunk for each task, with learned mixtures of their features."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.sharing.base import BaseSharing, lr_factor_field, own_share_field
from mtl_core.spec.sharing.block_diagram import SchemeDiagram, TrunkLayers, tower_diagram
from mtl_core.spec.sharing.learned_series import STITCH_WEIGHTS, LearnedSeries


class CrossStitch(BaseSharing):
    """Each task has a copy of the shared layers; behind every stage each takes a learned share of the others' features.

    Misra et al. 2016. A stage is a layer that learns features with the norm, activation and pooling behind it.
    """

    title: ClassVar[str] = "Cross-stitch units"
    kind: Literal["cross_stitch"] = "cross_stitch"
    one_representation: ClassVar[bool] = False
    trains_jointly: ClassVar[bool] = True
    learns: ClassVar[tuple[LearnedSeries, ...]] = (STITCH_WEIGHTS,)
    own: float = own_share_field()
    per_channel: bool = field(False, "Learn a share for each channel instead of one for all of a stage.")
    lr_factor: float = lr_factor_field()

    def input_copies(self, tasks: int) -> int:
        """One for each task."""
        return tasks

    def diagram(self, trunk: TrunkLayers, tasks: int) -> SchemeDiagram:
        """A tower for each task, with a unit across all of them after each stage."""
        return tower_diagram(trunk, tasks, unit="cross-stitch {}")
