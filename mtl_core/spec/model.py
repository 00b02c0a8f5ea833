"""The model: a sharing scheme, shared layers and each task's own layers."""

from typing import ClassVar

from mtl_core.spec.base import Spec, field
from mtl_core.spec.layers import Layer
from mtl_core.spec.sharing import HardSharing, Sharing


class ModelSpec(Spec):
    """Shared layers, then each task's layers; a task's output layer follows from its kind."""

    title: ClassVar[str] = "Model"
    sharing: Sharing = field(HardSharing(), "How the tasks share parameters.")
    shared: tuple[Layer, ...] = field((), "Layers all tasks share, first to last.")
    heads: dict[str, tuple[Layer, ...]] = field(
        help="Each task's own layers before its output layer; none for a task left out.",
        default_factory=dict,
    )
