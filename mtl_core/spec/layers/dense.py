"""Linear layers."""

from typing import ClassVar, Literal

from mtl_core.spec.base import Spec, field

BIAS = "Add a learned offset to each output."


class Linear(Spec):
    """Fully connected: every output is a weighted sum of all inputs."""

    title: ClassVar[str] = "Linear"
    kind: Literal["linear"] = "linear"
    out_features: int = field(64, "Number of outputs.", ge=1, le=1_000_000, scale="log")
    bias: bool = field(True, BIAS)
    in_features: int | None = field(
        None,
        "Number of inputs; empty: as many as arrive. A number is only compared with what arrives.",
        ge=1,
        advanced=True,
    )
