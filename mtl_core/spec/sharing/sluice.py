"""Sluice networks: learned mixtures of subspaces, and heads that read several stages."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.sharing.base import BaseSharing, lr_factor_field, own_share_field
from mtl_core.spec.sharing.block_diagram import SchemeDiagram, TrunkLayers, tower_diagram
from mtl_core.spec.sharing.learned_series import STITCH_WEIGHTS, LearnedSeries

STAGE_WEIGHTS = LearnedSeries("share of {source}", "stages the head reads", source=r"stage \d+")
"""The weight of each stage in the input of a task's head."""


class Sluice(BaseSharing):
    """Like cross-stitch, with two subspaces a task, and heads that read a mixture of the stages (Ruder et al. 2019).

    The mixture is over the stages whose output has the shape of the last one's. Channels must be even in number.
    """

    title: ClassVar[str] = "Sluice network"
    kind: Literal["sluice"] = "sluice"
    one_representation: ClassVar[bool] = False
    learns: ClassVar[tuple[LearnedSeries, ...]] = (STITCH_WEIGHTS, STAGE_WEIGHTS)
    own: float = own_share_field(
        "Share of its own features each subspace starts with; all other subspaces get the rest in equal parts."
    )
    last: float = field(
        0.9,
        "Share of the last stage that each head starts with; earlier stages of the same shape get the rest.",
        title="Share of the last stage at the start",
        ge=0,
        le=1,
    )
    orthogonality: float = field(
        0.1, "Strength of the penalty that keeps a task's two subspaces apart.", ge=0, le=1e6, scale="log"
    )
    lr_factor: float = lr_factor_field()

    def input_copies(self, tasks: int) -> int:
        """One for each task."""
        return tasks

    def diagram(self, trunk: TrunkLayers, tasks: int) -> SchemeDiagram:
        """A tower for each task, with a unit across all of them after each stage."""
        return tower_diagram(trunk, tasks, unit="sluice unit {}")
