"""Cross-attention: a transformer block whose queries are one input and whose context are the others."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mtl_core.architectures.fusion.components.attention import AttentionBlock
from mtl_core.architectures.fusion.components.input_checks import check_heads, setting_fix
from mtl_core.architectures.fusion.components.rows import mean_over_positions
from mtl_core.architectures.fusion.components.tokens import InputTokens, token_mask
from mtl_core.architectures.layers.faults import Fault, QuickFix
from mtl_core.spec.fusion.concat import Concat
from mtl_core.spec.fusion.cross_attention import CrossAttention
from mtl_core.spec.reports import Shape


class CrossAttentionFusion(nn.Module):
    """The tokens of one input, after each attended to the tokens of the others, normalized.

    Of a row that lacks the query input, the queries are learned offsets.

    Args:
        shapes: Shape of each input's features.
        query: The input whose tokens are the queries.
        width: Width of the tokens.
        heads: Number of attention heads.
        keep_positions: Whether to give features at each position of the query input; otherwise their mean.

    Attributes:
        positions_of: The input whose positions the output has; None if it has none.
    """

    def __init__(
        self, shapes: Mapping[str, Shape], query: str, *, width: int, heads: int, keep_positions: bool
    ) -> None:
        super().__init__()
        self._query = query
        self.positions_of = query if keep_positions else None
        self._context = tuple(name for name in shapes if name != query)
        self.tokens = InputTokens(shapes, width)
        self.block = AttentionBlock(width, heads)
        self.norm = nn.LayerNorm(width)

    def forward(
        self, features: Mapping[str, Tensor], present: Mapping[str, Tensor], padding: Mapping[str, Tensor]
    ) -> Tensor:
        """``[N, width]``, or ``[N, width, …]`` with the positions of the query input."""
        tokens = self.tokens(features)
        context = torch.cat([tokens[name] for name in self._context], dim=1)
        mask = token_mask(self._context, tokens, present, padding)
        output = self.norm(self.block(tokens[self._query], context, mask)).transpose(1, 2)
        output = output.reshape(*output.shape[:2], *features[self._query].shape[2:])
        return output if self.positions_of else mean_over_positions(output, padding.get(self._query))


def build(spec: CrossAttention, shapes: Mapping[str, Shape]) -> CrossAttentionFusion:
    """Builds the tokens of all inputs and the transformer block."""
    return CrossAttentionFusion(
        shapes,
        spec.query or next(iter(shapes)),
        width=spec.width,
        heads=spec.heads,
        keep_positions=spec.keep_positions,
    )


def check(spec: CrossAttention, shapes: Mapping[str, Shape]) -> Fault | None:
    """Requires another input beside the one that attends, which must exist, and heads that divide the width."""
    if len(shapes) < 2:
        concat = Concat(missing=spec.missing, modality_dropout=spec.modality_dropout)
        text = f"{spec.title} needs an input that attends and another one to attend to; one input arrives."
        return Fault(text, QuickFix(f"Use {concat.title}", (concat,)))
    if spec.query and spec.query not in shapes:
        first = next(iter(shapes))
        names = ", ".join(map(repr, shapes))
        return Fault(
            f"{spec.title} takes its queries from the input {spec.query!r}; the inputs are {names}.",
            setting_fix(spec, f"Set the query input to {first!r}", query=first),
        )
    return check_heads(spec)
