"""PLE: several levels of shared and task-specific experts."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.sharing.base import BaseSharing
from mtl_core.spec.sharing.block_diagram import SchemeDiagram, TrunkLayers, expert_diagram
from mtl_core.spec.sharing.learned_series import GATE_WEIGHTS, LEVEL_GATE_WEIGHTS, LearnedSeries


class Ple(BaseSharing):
    """Customized gate control level upon level: progressive layered extraction (Tang et al. 2020).

    The shared layers are cut into levels of about as many stages; a stage is a layer that learns features with the
    norm, activation and pooling behind it. Between levels, a gate per task makes what its own experts read next, and a
    gate over all experts makes what the shared ones read.
    """

    title: ClassVar[str] = "Progressive layered extraction (PLE)"
    one_representation: ClassVar[bool] = False
    learns: ClassVar[tuple[LearnedSeries, ...]] = (GATE_WEIGHTS, LEVEL_GATE_WEIGHTS)
    kind: Literal["ple"] = "ple"
    levels: int = field(
        2,
        "The shared layers are cut into as many, but no more than they have stages.",
        title="Levels at most",
        ge=1,
        le=16,
    )
    shared_experts: int = field(2, "Experts that every task reads, at each level.", ge=1, le=64)
    own_experts: int = field(1, "Further experts of each task, at each level.", ge=0, le=64)

    @property
    def max_levels(self) -> int:
        """The number of levels in the spec."""
        return self.levels

    def diagram(self, trunk: TrunkLayers, tasks: int) -> SchemeDiagram:
        """The experts and gates of each level."""
        return expert_diagram(trunk.parts, tasks, shared=self.shared_experts, own=self.own_experts)
