"""Soft parameter sharing: a trunk for each task, and a penalty that keeps them similar."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.sharing.base import BaseSharing
from mtl_core.spec.sharing.block_diagram import SchemeDiagram, TrunkLayers, tower_diagram
from mtl_core.spec.sharing.learned_series import LearnedSeries

DISTANCES = LearnedSeries("distance to {source}", "distance between copies")
"""The distance of a task's copy of the shared layers from that of each other task."""


class SoftSharing(BaseSharing):
    """Each task has a copy of the shared layers; a penalty keeps the copies close (Duong et al. 2015).

    No loss reaches another task's copy, so methods that combine gradients find nothing shared to combine.
    """

    title: ClassVar[str] = "Soft parameter sharing"
    kind: Literal["soft"] = "soft"
    one_representation: ClassVar[bool] = False
    trains_trunk: ClassVar[bool] = False
    learns: ClassVar[tuple[LearnedSeries, ...]] = (DISTANCES,)
    tie: Literal["l2", "trace_norm"] = field(
        "l2",
        "What is penalized: the squared distance of each pair of copies, or the trace norm of each layer's copies, "
        "which asks them to be combinations of few (Yang & Hospedales 2017).",
    )
    strength: float = field(
        0.01, "What the penalty is multiplied by before it is added to the losses.", ge=0, le=1e6, scale="log"
    )

    def input_copies(self, tasks: int) -> int:
        """One for each task."""
        return tasks

    def diagram(self, trunk: TrunkLayers, tasks: int) -> SchemeDiagram:
        """A tower for each task, tied to its neighbors."""
        return tower_diagram(trunk, tasks, tied=True)
