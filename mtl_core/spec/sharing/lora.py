"""LoRA: a frozen trunk that all tasks share, whose linear layers learn an update of low rank."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.sharing.base import BaseSharing


class Lora(BaseSharing):
    """All tasks read one frozen trunk, whose linear layers learn an update of low rank (Hu et al. 2022).

    So do those inside attention, transformer blocks and pretrained models. Only updates and heads are trained. Updates
    begin at zero, so let the shared layers begin with a run or a pretrained folder: the model then starts as that one.
    """

    title: ClassVar[str] = "Low-rank updates (LoRA)"
    freezes_trunk: ClassVar[bool] = True
    kind: Literal["lora"] = "lora"
    layers: Literal["all", "attention"] = field(
        "all",
        "Which linear layers have an update: all, or as in the paper those of attention alone.",
        title="Updated layers",
    )
    rank: int = field(8, "Rank of the update of a layer, no more than the layer's width.", ge=1, le=1024)
    alpha: float = field(16.0, "The update is scaled by alpha ÷ rank.", gt=0, le=10_000)
    dropout: float = field(0.0, "Share of an update's inputs set to zero in training.", ge=0, lt=1)
