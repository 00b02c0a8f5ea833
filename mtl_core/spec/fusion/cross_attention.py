"""Cross-attention."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.fusion.base import BaseFusion, heads_field, token_width_field


class CrossAttention(BaseFusion):
    """Each position of one input attends to all positions of the others (Vaswani et al. 2017).

    It is a transformer block with the queries of one input and the keys and values of the others. An input without
    positions is one token.
    """

    title: ClassVar[str] = "Cross-attention"
    reads_positions: ClassVar[bool] = True
    kind: Literal["cross_attention"] = "cross_attention"
    query: str = field("", "The name of the input that attends to the others; empty: the first.", title="Query input")
    width: int = token_width_field()
    heads: int = heads_field()
    keep_positions: bool = field(
        False, "Give features at each position of the query input, not their mean.", title="Keep positions"
    )
