"""Mixture of modality experts."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.fusion.base import BaseFusion, width_field


class Mixture(BaseFusion):
    """An expert for each input and one for all of them, mixed by a gate that reads all inputs (Bao et al. 2022).

    An expert is a hidden layer and an output layer. The gate is a softmax over a linear map of all inputs; the weights
    are those of the row.
    """

    title: ClassVar[str] = "Mixture of modality experts"
    kind: Literal["mixture"] = "mixture"
    hidden: int = field(128, "Number of features of an expert's hidden layer.", ge=1, le=1_000_000, scale="log")
    width: int = width_field()
