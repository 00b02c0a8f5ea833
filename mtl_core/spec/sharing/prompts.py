"""Soft prompts: a frozen trunk that all tasks share, and learned tokens of each task in front of what it attends to."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from mtl_core.errors import Problem
from mtl_core.spec.base import Spec, field
from mtl_core.spec.sharing.attention import attention_problem, have_attention
from mtl_core.spec.sharing.base import BaseSharing
from mtl_core.spec.sharing.block_diagram import SchemeDiagram, TrunkLayers, task_unit_diagram


class SoftPrompts(BaseSharing):
    """The trunk is frozen; each task learns tokens that its attention layers read too (Lester et al. 2021).

    Only prompts and heads are trained, so let the shared layers begin with a run or a pretrained folder. A prompt
    stands before the other positions from the first shared layer with attention to the last one, and is left out behind
    it; a pretrained model of texts reads it among its embedded tokens. A trunk without attention takes no prompts.
    Methods that combine gradients find nothing shared to combine.
    """

    title: ClassVar[str] = "Soft prompts"
    one_representation: ClassVar[bool] = False
    freezes_trunk: ClassVar[bool] = True
    trains_trunk: ClassVar[bool] = False
    kind: Literal["prompts"] = "prompts"
    length: int = field(10, "Learned tokens of each task.", title="Prompt length", ge=1, le=1000, unit="tokens")
    initial_std: float = field(
        0.3,
        "Standard deviation of the prompts' random initial values.",
        title="Prompts' spread at the start",
        ge=0,
        le=100,
        advanced=True,
    )

    def trunk_problem(self, layers: Sequence[Spec]) -> Problem | None:
        """Prompts act through attention alone: without any, tasks train their heads and nothing else."""
        return None if have_attention(layers) else attention_problem("prompts")

    def diagram(self, trunk: TrunkLayers, tasks: int) -> SchemeDiagram:
        """A prompt for each task between the input and the trunk."""
        return task_unit_diagram(trunk, tasks, "prompt")
