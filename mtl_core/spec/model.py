"""The model: a sharing scheme, shared layers and each task's own layers."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mtl_core.spec.base import Spec, field
from mtl_core.spec.layers import Layer
from mtl_core.spec.reports import Shape


class _Sharing(Spec):
    one_representation: ClassVar[bool] = True
    """Whether all tasks read the same features, so that their gradients there can be compared."""

    def representation(self, shape: Shape) -> Shape:
        """Shape of what a task's own layers read when the shared layers, as listed, give ``shape``."""
        return shape


class HardSharing(_Sharing):
    """All tasks read one trunk; each has a head of its own (Caruana 1993)."""

    title: ClassVar[str] = "Hard parameter sharing"
    kind: Literal["hard"] = "hard"


_SHARED_EXPERTS = "Experts that every task reads; each is a copy of the shared layers."
_OWN_EXPERTS = "Further experts of each task that no other task reads."


class MmoeSharing(_Sharing):
    """Several copies of the shared layers, the experts; each task mixes them by a gate that reads the input.

    Ma et al. 2018. The gate is a softmax over a linear map of the input, flattened where that is an image.
    """

    title: ClassVar[str] = "Mixture of experts, MMoE (Ma et al. 2018)"
    kind: Literal["mmoe"] = "mmoe"
    experts: int = field(4, "Copies of the shared layers.", ge=1, le=64)


class CgcSharing(_Sharing):
    """Experts for all tasks and experts of each task's own; a gate per task mixes both (Tang et al. 2020)."""

    title: ClassVar[str] = "Customized gate control, CGC (Tang et al. 2020)"
    kind: Literal["cgc"] = "cgc"
    shared_experts: int = field(2, _SHARED_EXPERTS, ge=1, le=64)
    own_experts: int = field(1, _OWN_EXPERTS, ge=0, le=64)


class PleSharing(_Sharing):
    """Customized gate control level upon level: progressive layered extraction (Tang et al. 2020).

    The shared layers are cut into levels of about as many stages; a stage is a linear or convolution layer with what
    follows it. Between levels, a gate per task makes what its own experts read next, and a gate over all experts makes
    what the shared ones read.
    """

    title: ClassVar[str] = "Progressive layered extraction, PLE (Tang et al. 2020)"
    one_representation: ClassVar[bool] = False
    kind: Literal["ple"] = "ple"
    levels: int = field(2, "The shared layers are cut into this many; 1 is customized gate control.", ge=1, le=16)
    shared_experts: int = field(2, "Experts that every task reads, at each level.", ge=1, le=64)
    own_experts: int = field(1, "Further experts of each task, at each level.", ge=0, le=64)


class DselectKSharing(_Sharing):
    """A mixture of experts whose gates learn to pick a few of them, smoothly: DSelect-k (Hazimeh et al. 2021)."""

    title: ClassVar[str] = "DSelect-k (Hazimeh et al. 2021)"
    kind: Literal["dselect_k"] = "dselect_k"
    experts: int = field(4, "Copies of the shared layers; a power of two suits the gates best.", ge=1, le=64)
    selected: int = field(2, "How many of them a task picks at most, in the end.", title="Picked (k)", ge=1, le=64)
    per_row: bool = field(False, "Pick anew for every row by its input, not once for the task.", title="Pick per row")
    entropy: float = field(
        0.01, "How strongly gates are drawn to a clear choice.", title="Entropy weight", ge=0, le=100, scale="log"
    )
    gamma: float = field(
        1.0, "Width of the smooth step; smaller decides sooner.", title="Step width", gt=0, le=100, advanced=True
    )


class BranchSharing(_Sharing):
    """A tree is learned: every stage of the trunk has several nodes, each chooses its parent (Guo et al. 2020).

    A stage is a linear or convolution layer with what follows it. While training, choices are drawn at random by their
    learned probabilities, ever less at random; at the end each node and task has the most probable parent.
    """

    title: ClassVar[str] = "Learning to branch (Guo et al. 2020)"
    kind: Literal["branch"] = "branch"
    nodes: int = field(2, "Nodes of every stage; no more than there are tasks are of use.", ge=1, le=16)
    warmup: int = field(
        100, "All parents have an equal part until then.", title="Warm-up", unit="steps", ge=0, le=10_000_000
    )
    temperature: float = field(
        5.0, "How random the choices are at first; it falls to 0.1.", ge=0.1, le=1000, scale="log"
    )
    half_life: int = field(
        500, "The temperature falls by half in as many.", title="Half-life", unit="steps", ge=1, scale="log"
    )


class AdversarialSharing(_Sharing):
    """A shared trunk and a copy of it per task; an adversary keeps what is of one task alone out of the shared one.

    Liu et al. 2017. Task layers read both, one behind the other. The adversary guesses from the shared features which
    task a row is of, so there is something to guess only where rows have a label for some tasks but not for others.
    """

    title: ClassVar[str] = "Adversarial shared-private (Liu et al. 2017)"
    kind: Literal["adversarial"] = "adversarial"
    adversary: float = field(
        0.05, "How strongly the shared trunk hides the task from the adversary.", ge=0, le=100, scale="log"
    )
    orthogonality: float = field(
        0.01, "How strongly shared and own features are kept apart.", ge=0, le=10_000, scale="log"
    )

    def representation(self, shape: Shape) -> Shape:
        """Shared and own features, one behind the other."""
        return (2 * shape[0], *shape[1:])


Sharing = Annotated[
    HardSharing | MmoeSharing | CgcSharing | PleSharing | DselectKSharing | BranchSharing | AdversarialSharing,
    Field(discriminator="kind"),
]


class ModelSpec(Spec):
    """Shared layers, then each task's layers; a task's output layer follows from its kind."""

    title: ClassVar[str] = "Model"
    sharing: Sharing = field(HardSharing(), "How the tasks share parameters.")
    shared: tuple[Layer, ...] = field((), "Layers all tasks share, first to last.")
    heads: dict[str, tuple[Layer, ...]] = field(
        help="Each task's own layers before its output layer; none for a task left out.",
        default_factory=dict,
    )
