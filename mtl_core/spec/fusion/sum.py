"""The sum."""

from typing import ClassVar, Literal

from mtl_core.spec.fusion.base import EqualWidthFusion


class Sum(EqualWidthFusion):
    """The sum of the inputs, feature by feature."""

    title: ClassVar[str] = "Sum"
    kind: Literal["sum"] = "sum"
