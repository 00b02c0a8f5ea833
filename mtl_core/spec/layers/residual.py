"""A list of layers beside a skip."""

from typing import TYPE_CHECKING, ClassVar, Literal

from mtl_core.spec.base import Spec, field

if TYPE_CHECKING:
    from mtl_core.spec.layers import Layer


class Residual(Spec):
    """Adds what its own layers make to what arrives, which is averaged and mapped where the shapes differ (He 2016)."""

    title: ClassVar[str] = "Residual block"
    kind: Literal["residual"] = "residual"
    layers: "tuple[Layer, ...]" = field((), "Its own layers, first to last.", strict=False)
