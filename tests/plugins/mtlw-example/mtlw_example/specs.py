"""What can be set. The window imports this module too, so it must not import torch."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.layers.plugin import PluginLayer
from mtl_core.spec.weighting.base import BaseWeighting


class LossRankWeighting(BaseWeighting):
    """The task with the highest loss weighs most, and each next one by a factor less."""

    title: ClassVar[str] = "Loss rank"
    builder: ClassVar[str] = "mtlw_example.loss_rank"
    kind: Literal["mtlw-example/loss_rank"] = "mtlw-example/loss_rank"
    decay: float = field(0.5, "What a task weighs, as a share of the task before it; 1 is equal weights.", gt=0, le=1)


class Scale(PluginLayer):
    """A learned factor for all values."""

    title: ClassVar[str] = "Scale"
    builder: ClassVar[str] = "mtlw_example.scale"
    kind: Literal["mtlw-example/scale"] = "mtlw-example/scale"
    initial: float = field(1.0, "The factor before the first step.", ge=-10, le=10)
