"""Token embedding and recurrent layers, channels first."""

import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor, nn

from mtl_core.architectures.layers.modules.masks import token_mask
from mtl_core.spec.inputs.text import PADDING, UNKNOWN


class Embedding(nn.Embedding):
    """Token embedding with channels first: ids ``[N, L]`` to ``[N, D, L]``; padding is all zeros.

    Args:
        vocabulary: Number of ids; ids outside are read as unknown.
        dimensions: D, size of a vector.
    """

    def __init__(self, vocabulary: int, dimensions: int) -> None:
        super().__init__(vocabulary, dimensions, padding_idx=PADDING)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  # the name in torch
        """Looks up the tokens' vectors, channels first."""
        in_vocabulary = (input >= 0) & (input < self.num_embeddings)
        # Where nothing is shared, a mixture of experts gives the ids as weighted sums, which may be off by rounding.
        tokens = input.masked_fill(~in_vocabulary, UNKNOWN).round().long()
        return F.embedding(tokens, self.weight, padding_idx=PADDING).transpose(1, 2)

    def padding_mask(self, tokens: Tensor) -> Tensor:
        """Which positions ``[N, L]`` are no padding."""
        return token_mask(tokens)


class Recurrent(nn.Module):
    """Recurrent layer with channels first: ``[N, C, L]`` to ``[N, H, L]``.

    Args:
        layer: With ``batch_first``: from ``[N, L, C]`` to ``[N, L, H]``.
    """

    def __init__(self, layer: nn.LSTM | nn.GRU) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, inputs: Tensor) -> Tensor:
        """The layer's output at every position."""
        outputs: Tensor = self.layer(inputs.transpose(1, 2))[0]
        return outputs.transpose(1, 2)
