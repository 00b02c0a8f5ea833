"""The model: a sharing scheme, shared layers and each task's own layers."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from mtl_core.spec.base import Spec, field
from mtl_core.spec.layers import Layer
from mtl_core.spec.reports import Shape

_OWN = "Share of its own features each task starts with; the others get the rest in equal parts."


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
    """Nothing is shared: each task has a copy of the shared layers to itself, the single-task reference."""

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
        "What is penalised: the squared distance of each pair of copies, or the trace norm of each layer's copies, "
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


Sharing = Annotated[
    HardSharing | SeparateModels | SoftSharing | CrossStitch | Sluice | Nddr | Mtan,
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
