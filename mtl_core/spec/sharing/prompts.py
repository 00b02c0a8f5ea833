"""Soft prompts: a frozen trunk that all tasks share, and learned tokens of each task in front of what it attends to."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal

from mtl_core.errors import Problem
from mtl_core.spec.base import Spec, field
from mtl_core.spec.layers import MultiHeadAttention, SelfAttention, TransformerBlock
from mtl_core.spec.sharing.base import SHARING_PATH, BaseSharing
from mtl_core.spec.sharing.block_diagram import Block, SchemeDiagram, TrunkLayers, heads

_ATTENTION = (SelfAttention, MultiHeadAttention, TransformerBlock)


def reads_prompts(layer: Spec) -> bool:
    """Whether a layer, or one in it, has attention, which reads the tokens of a prompt too."""
    return isinstance(layer, _ATTENTION) or any(map(reads_prompts, _inner_layers(layer)))


def _inner_layers(layer: Spec) -> Iterable[Spec]:
    return getattr(layer, "layers", ())


class SoftPrompts(BaseSharing):
    """The trunk is frozen; each task learns tokens that its attention layers read too (Lester et al. 2021).

    Only prompts and heads are trained, so let the shared layers begin with a run or a pretrained folder. A prompt
    stands before the other positions from the first shared layer with attention to the last one, and is left out behind
    it. A trunk without attention takes no prompts. Methods that combine gradients find nothing shared to combine.
    """

    title: ClassVar[str] = "Soft prompts"
    one_representation: ClassVar[bool] = False
    freezes_trunk: ClassVar[bool] = True
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
        if any(map(reads_prompts, layers)):
            return None
        rule = "no shared layer has attention, so nothing reads the prompts and only the task heads learn"
        fix = "Add a transformer block or another layer with attention, or choose Low-rank updates (LoRA)."
        return Problem(SHARING_PATH, rule, fix=fix)

    def diagram(self, trunk: TrunkLayers, tasks: int) -> SchemeDiagram:
        """A prompt for each task between the input and the trunk."""
        inputs = Block(role="input", wide=True)
        prompts = tuple(Block(role="unit", title="prompt", task=task, reads=(inputs,)) for task in range(tasks))
        layers = Block(role="layers", layers=trunk.all, reads=prompts, wide=True)
        return SchemeDiagram(((inputs,), prompts, (layers,), heads([[layers]] * tasks)))
