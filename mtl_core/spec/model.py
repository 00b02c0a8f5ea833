"""The model: encoders of the inputs, their fusion, a sharing scheme, shared layers and each task's own layers."""

from typing import ClassVar

from mtl_core.spec.base import Spec, field
from mtl_core.spec.fusion import Concat, Fusion
from mtl_core.spec.inputs.base import InputName
from mtl_core.spec.layers import Layer
from mtl_core.spec.sharing import HardSharing, Sharing


class ModelSpec(Spec):
    """Encoders and their fusion, shared layers, then each task's layers; an output layer follows from its task."""

    title: ClassVar[str] = "Model"
    inputs: dict[InputName, tuple[Layer, ...]] = field(
        help="Each input's own layers before the inputs meet; none for an input left out.", default_factory=dict
    )
    fusion: Fusion = field(Concat(), "How several inputs become one; a single input has none.")
    sharing: Sharing = field(HardSharing(), "How the tasks share parameters.")
    shared: tuple[Layer, ...] = field((), "Layers all tasks share, first to last.")
    heads: dict[str, tuple[Layer, ...]] = field(
        help="Each task's own layers before its output layer; none for a task left out.",
        default_factory=dict,
    )
