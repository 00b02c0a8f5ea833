"""The mean."""

from typing import ClassVar, Literal

from mtl_core.spec.fusion.base import EqualWidthFusion


class Mean(EqualWidthFusion):
    """The mean of the inputs, feature by feature; one that is left out does not count."""

    title: ClassVar[str] = "Mean"
    kind: Literal["mean"] = "mean"
