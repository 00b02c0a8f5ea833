"""Low-rank bilinear fusion."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.fusion.base import BaseFusion, width_field


class Bilinear(BaseFusion):
    """Products of the inputs' features: a bilinear map of low rank (Kim et al. 2017).

    Linear maps of the inputs are multiplied with each other, and a linear layer reads the products. For more than two
    inputs the map is linear in each of them.
    """

    title: ClassVar[str] = "Low-rank bilinear"
    kind: Literal["bilinear"] = "bilinear"
    rank: int = field(64, "Number of products, the rank of the bilinear map.", ge=1, le=100_000, scale="log")
    width: int = width_field()
