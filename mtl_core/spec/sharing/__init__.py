"""The sharing schemes: which parameters the tasks have in common.

A scheme is registered here, in :data:`Sharing`, and nowhere else; its module in
:mod:`mtl_core.architectures.sharing` is found by its kind.
"""

from typing import Annotated

from pydantic import Field, TypeAdapter

from mtl_core.spec.reports import ModelInfo
from mtl_core.spec.sharing.adversarial import Adversarial
from mtl_core.spec.sharing.base import BaseSharing
from mtl_core.spec.sharing.block_diagram import SchemeDiagram, TrunkLayers, trunk_diagram
from mtl_core.spec.sharing.branch import Branching
from mtl_core.spec.sharing.cgc import Cgc
from mtl_core.spec.sharing.cross_stitch import CrossStitch
from mtl_core.spec.sharing.dselect_k import DselectK
from mtl_core.spec.sharing.hard import HardSharing
from mtl_core.spec.sharing.lora import Lora
from mtl_core.spec.sharing.mmoe import Mmoe
from mtl_core.spec.sharing.mtan import Mtan
from mtl_core.spec.sharing.nddr import Nddr
from mtl_core.spec.sharing.ple import Ple
from mtl_core.spec.sharing.prefixes import Prefixes
from mtl_core.spec.sharing.prompts import SoftPrompts
from mtl_core.spec.sharing.separate import SeparateModels
from mtl_core.spec.sharing.sluice import Sluice
from mtl_core.spec.sharing.soft import SoftSharing

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
    | Adversarial
    | SoftPrompts
    | Prefixes
    | Lora,
    Field(discriminator="kind"),
]

_ADAPTER: TypeAdapter[BaseSharing] = TypeAdapter(Sharing)


def sharing_of(info: ModelInfo) -> BaseSharing:
    """The sharing scheme of a described model."""
    return _ADAPTER.validate_python(info.sharing, strict=False)


def diagram_of(info: ModelInfo) -> SchemeDiagram:
    """How a described model is drawn; one with a layer that cannot be built as with a single trunk."""
    if not info.stages or not info.shared or info.problems:
        return trunk_diagram(TrunkLayers(len(info.shared)), len(info.outputs))
    ends = (*info.stages[1:], info.tail)
    stages = tuple(range(start, end) for start, end in zip(info.stages, ends, strict=True) if start < end)
    trunk = TrunkLayers(len(info.shared), stages, range(info.tail, len(info.shared)))
    return sharing_of(info).diagram(trunk, len(info.outputs))


__all__ = [
    "Adversarial",
    "BaseSharing",
    "Branching",
    "Cgc",
    "CrossStitch",
    "DselectK",
    "HardSharing",
    "Lora",
    "Mmoe",
    "Mtan",
    "Nddr",
    "Ple",
    "Prefixes",
    "SeparateModels",
    "Sharing",
    "Sluice",
    "SoftPrompts",
    "SoftSharing",
    "diagram_of",
    "sharing_of",
]
