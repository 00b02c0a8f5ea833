"""Concatenation."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.fusion.base import BaseFusion


class Concat(BaseFusion):
    """The features of all inputs, one behind the other."""

    title: ClassVar[str] = "Concatenation"
    kind: Literal["concat"] = "concat"
    in_features: int | None = field(
        None,
        "How many features must arrive from all inputs together, as a check; empty: as many as arrive.",
        title="Features in",
        ge=1,
        le=2_000_000_000,
        scale="log",
        advanced=True,
    )
