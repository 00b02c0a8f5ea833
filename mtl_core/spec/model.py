"""The model: a sharing scheme, shared layers and each task's own layers."""

from typing import ClassVar, Literal

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


Sharing = HardSharing
"""The sharing schemes; the second one makes this a union told apart by ``kind``."""


class ModelSpec(Spec):
    """Shared layers, then each task's layers; a task's output layer follows from its kind."""

    title: ClassVar[str] = "Model"
    sharing: Sharing = field(HardSharing(), "How the tasks share parameters.")
    shared: tuple[Layer, ...] = field((), "Layers all tasks share, first to last.")
    heads: dict[str, tuple[Layer, ...]] = field(
        help="Each task's own layers before its output layer; none for a task left out.",
        default_factory=dict,
    )
