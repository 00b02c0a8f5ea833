"""Attention bottlenecks."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.fusion.base import BaseFusion, heads_field, token_width_field


class Bottleneck(BaseFusion):
    """A transformer for each input; all of them exchange features through a few tokens alone (Nagrani et al. 2021).

    In each layer the positions of an input and the bottleneck tokens attend to each other, and the bottleneck tokens
    that the inputs give are averaged. The fused row is the mean of the last ones. An input without positions is one
    token.
    """

    title: ClassVar[str] = "Bottleneck tokens"
    reads_positions: ClassVar[bool] = True
    kind: Literal["bottleneck"] = "bottleneck"
    tokens: int = field(4, "Number of bottleneck tokens.", title="Bottleneck tokens", ge=1, le=1024)
    layers: int = field(2, "Transformer layers of each input.", ge=1, le=64)
    width: int = token_width_field()
    heads: int = heads_field()
