"""Prefix tuning: a frozen trunk that all tasks share, and learned keys and values of each task in its attention."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from mtl_core.errors import Problem
from mtl_core.spec.base import Spec, field
from mtl_core.spec.sharing.attention import attention_problem, have_attention
from mtl_core.spec.sharing.base import BaseSharing
from mtl_core.spec.sharing.block_diagram import SchemeDiagram, TrunkLayers, task_unit_diagram


class Prefixes(BaseSharing):
    """The trunk is frozen; each task learns keys and values for every attention layer (Li & Liang 2021).

    They stand before the layer's own, so each position may attend to them, also inside most pretrained transformers.
    Only prefixes and heads are trained, so let the shared layers begin with a run or a pretrained folder. A trunk
    without attention takes none. Methods that combine gradients find nothing shared to combine.
    """

    title: ClassVar[str] = "Prefix tuning"
    one_representation: ClassVar[bool] = False
    freezes_trunk: ClassVar[bool] = True
    trains_trunk: ClassVar[bool] = False
    kind: Literal["prefixes"] = "prefixes"
    length: int = field(
        10,
        "Learned keys, and values, of each task in an attention layer.",
        title="Prefix length",
        ge=1,
        le=1000,
        unit="tokens",
    )
    hidden: int | None = field(
        None,
        "Compute a task's prefixes from fewer numbers by a perceptron with a hidden layer of this width, which trains "
        "more steadily but has many parameters; empty: learn the prefixes themselves.",
        title="Prefixes by a perceptron",
        ge=1,
        le=100_000,
        scale="log",
    )
    initial_std: float = field(
        0.3,
        "Standard deviation of what is learned at the start: the prefixes, or what the perceptron reads.",
        title="Prefixes' spread at the start",
        ge=0,
        le=100,
        advanced=True,
    )

    def trunk_problem(self, layers: Sequence[Spec]) -> Problem | None:
        """Prefixes act through attention alone: without any, tasks train their heads and nothing else."""
        return None if have_attention(layers) else attention_problem("prefixes")

    def diagram(self, trunk: TrunkLayers, tasks: int) -> SchemeDiagram:
        """A prefix for each task between the input and the trunk."""
        return task_unit_diagram(trunk, tasks, "prefix")
