"""The model: a sharing scheme, shared layers and each task's own layers."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from mtl_core.spec.base import Spec, field
from mtl_core.spec.layers import Layer
from mtl_core.spec.reports import ModelInfo, Shape

_OWN = "Share of its own features each task starts with; the others get the rest in equal parts."

_SHARED_EXPERTS = "Experts that every task reads; each is a copy of the shared layers."
_OWN_EXPERTS = "Further experts of each task that no other task reads."


def _lr_factor() -> Any:
    text = "Learning rate of the units as a multiple of that of the shared layers; with SGD, 100 is usual."
    return field(1.0, text, title="Units' learning rate, factor", gt=0, le=1e6, scale="log", advanced=True)


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


class SeparateModels(_Sharing):
    """Nothing is shared: each task has a copy of the shared layers to itself, the single-task reference.

    Methods that combine gradients find nothing shared to combine.
    """

    title: ClassVar[str] = "Separate models"
    kind: Literal["separate"] = "separate"
    one_representation: ClassVar[bool] = False


class SoftSharing(_Sharing):
    """Each task has a copy of the shared layers; a penalty keeps the copies close (Duong et al. 2015).

    No loss reaches another task's copy, so methods that combine gradients find nothing shared to combine.
    """

    title: ClassVar[str] = "Soft parameter sharing"
    kind: Literal["soft"] = "soft"
    one_representation: ClassVar[bool] = False
    tie: Literal["l2", "trace_norm"] = field(
        "l2",
        "What is penalized: the squared distance of each pair of copies, or the trace norm of each layer's copies, "
        "which asks them to be combinations of few (Yang & Hospedales 2017).",
    )
    strength: float = field(
        0.01, "What the penalty is multiplied by before it is added to the losses.", ge=0, le=1e6, scale="log"
    )


class CrossStitch(_Sharing):
    """Each task has a copy of the shared layers; behind every stage each takes a learned share of the others' features.

    Misra et al. 2016. A stage is a layer that learns features with the norm, activation and pooling behind it.
    """

    title: ClassVar[str] = "Cross-stitch units"
    kind: Literal["cross_stitch"] = "cross_stitch"
    one_representation: ClassVar[bool] = False
    own: float = field(0.9, _OWN, title="Own share at the start", ge=0, le=1)
    per_channel: bool = field(False, "Learn a share for each channel instead of one for all of a stage.")
    lr_factor: float = _lr_factor()


class Sluice(_Sharing):
    """Like cross-stitch, with two subspaces a task, and heads that read a mixture of the stages (Ruder et al. 2019).

    The mixture is over the stages whose output has the shape of the last one's. Channels must be even in number.
    """

    title: ClassVar[str] = "Sluice network"
    kind: Literal["sluice"] = "sluice"
    one_representation: ClassVar[bool] = False
    own: float = field(
        0.9,
        "Share of its own features each subspace starts with; all other subspaces get the rest in equal parts.",
        title="Own share at the start",
        ge=0,
        le=1,
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
    lr_factor: float = _lr_factor()


class Nddr(_Sharing):
    """Each task has a copy of the shared layers; behind every stage all copies' features are fused (Gao et al. 2019).

    They are laid side by side and brought back to each task's width by a 1×1 convolution (a linear layer where there
    are no positions), batch norm and ReLU.
    """

    title: ClassVar[str] = "NDDR layers"
    kind: Literal["nddr"] = "nddr"
    one_representation: ClassVar[bool] = False
    own: float = field(0.9, _OWN, title="Own share at the start", ge=0, le=1)
    lr_factor: float = _lr_factor()


class Mtan(_Sharing):
    """One trunk for all tasks; each task learns a mask on the features of every stage (Liu et al. 2019)."""

    title: ClassVar[str] = "Attention masks (MTAN)"
    kind: Literal["mtan"] = "mtan"


class Mmoe(_Sharing):
    """Several copies of the shared layers, the experts; each task mixes them by a gate (Ma et al. 2018).

    The gate is a softmax over a linear map of the input, flattened where that is an image.
    """

    title: ClassVar[str] = "Mixture of experts (MMoE)"
    kind: Literal["mmoe"] = "mmoe"
    experts: int = field(4, "Copies of the shared layers.", ge=1, le=64)


class Cgc(_Sharing):
    """Experts for all tasks and experts of each task's own; a gate per task mixes both (Tang et al. 2020)."""

    title: ClassVar[str] = "Customized gate control (CGC)"
    kind: Literal["cgc"] = "cgc"
    shared_experts: int = field(2, _SHARED_EXPERTS, ge=1, le=64)
    own_experts: int = field(1, _OWN_EXPERTS, ge=0, le=64)


class Ple(_Sharing):
    """Customized gate control level upon level: progressive layered extraction (Tang et al. 2020).

    The shared layers are cut into levels of about as many stages; a stage is a layer that learns features with the
    norm, activation and pooling behind it. Between levels, a gate per task makes what its own experts read next, and a
    gate over all experts makes what the shared ones read.
    """

    title: ClassVar[str] = "Progressive layered extraction (PLE)"
    one_representation: ClassVar[bool] = False
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


class DselectK(_Sharing):
    """A mixture of experts whose gates learn to pick a few of them, smoothly: DSelect-k (Hazimeh et al. 2021)."""

    title: ClassVar[str] = "Gates that pick experts (DSelect-k)"
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


class Branching(_Sharing):
    """A tree is learned: every stage of the trunk has several nodes, each chooses its parent (Guo et al. 2020).

    A stage is a layer that learns features with the norm, activation and pooling behind it. While training, choices are
    drawn by their learned probabilities, ever less at random; at the end each node and task has the most probable
    parent.
    """

    title: ClassVar[str] = "Learning to branch"
    kind: Literal["branch"] = "branch"
    nodes: int = field(2, "Nodes of every stage; no more than there are tasks are of use.", ge=1, le=16)
    warmup: int = field(
        100,
        "All parents have an equal part until then, so a run needs many more steps.",
        title="Warm-up",
        unit="steps",
        ge=0,
        le=10_000_000,
    )
    temperature: float = field(
        5.0, "How random the choices are at first; it falls to 0.1.", ge=0.1, le=1000, scale="log"
    )
    half_life: int = field(
        500,
        "The temperature falls by half in as many.",
        title="Half-life",
        unit="steps",
        ge=1,
        le=10_000_000,
        scale="log",
    )


class Adversarial(_Sharing):
    """A shared trunk and a copy of it per task; an adversary keeps what is of one task alone out of the shared one.

    Liu et al. 2017. Task layers read both, one behind the other. The adversary guesses from the shared features which
    task a row is of, so there is something to guess only where rows have a label for some tasks but not for others.
    """

    title: ClassVar[str] = "Adversarial shared-private"
    kind: Literal["adversarial"] = "adversarial"
    adversary: float = field(
        0.05,
        "How strongly the shared trunk hides whose a row is; of use only where rows lack the labels of some tasks.",
        title="Adversary weight",
        ge=0,
        le=100,
        scale="log",
    )
    orthogonality: float = field(
        0.01,
        "How strongly shared and own features are kept apart.",
        title="Orthogonality weight",
        ge=0,
        le=10_000,
        scale="log",
    )

    def representation(self, shape: Shape) -> Shape:
        """Shared and own features, one behind the other."""
        return (2 * shape[0], *shape[1:])


Sharing = Annotated[
    HardSharing
    | SeparateModels
    | SoftSharing
    | CrossStitch
    | Sluice
    | Nddr
    | Mtan
    | Mmoe
    | Cgc
    | Ple
    | DselectK
    | Branching
    | Adversarial,
    Field(discriminator="kind"),
]


def sharing_of(info: ModelInfo) -> Sharing:
    """The sharing scheme of a model described."""
    return ModelSpec.model_validate({"sharing": info.sharing}, strict=False).sharing


class ModelSpec(Spec):
    """Shared layers, then each task's layers; a task's output layer follows from its kind."""

    title: ClassVar[str] = "Model"
    sharing: Sharing = field(HardSharing(), "How the tasks share parameters.")
    shared: tuple[Layer, ...] = field((), "Layers all tasks share, first to last.")
    heads: dict[str, tuple[Layer, ...]] = field(
        help="Each task's own layers before its output layer; none for a task left out.",
        default_factory=dict,
    )
