"""The base of all kinds of fusion."""

from typing import Literal

from mtl_core.spec.base import Spec, field


class BaseFusion(Spec):
    """How the features of several inputs become one tensor.

    The module of its kind in :mod:`mtl_core.architectures.fusion` builds it.
    """

    missing: Literal["stand_in", "mask"] = field(
        "stand_in",
        "What stands for an input that a row lacks: learned features, or nothing, so that the other inputs are fused "
        "alone.",
        advanced=True,
    )
    modality_dropout: float = field(
        0.0,
        "Share of each row's inputs that is hidden while training, so that the model learns to do without; never all.",
        ge=0,
        lt=1,
        advanced=True,
    )
