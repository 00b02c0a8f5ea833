"""Layers that torch lacks, or has only with another order of dimensions."""

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor, nn

from mtl_core.spec.inputs.text import PADDING, UNKNOWN


class Embedding(nn.Embedding):
    """Token embedding with channels first: ids ``[N, L]`` to ``[N, dim, L]``; padding is all zeros.

    Args:
        vocabulary: Number of ids; ids outside are read as unknown.
        dim: Size of a vector.
    """

    def __init__(self, vocabulary: int, dim: int) -> None:
        super().__init__(vocabulary, dim, padding_idx=PADDING)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  # the name in torch
        """Looks up the tokens' vectors, channels first."""
        in_vocabulary = (input >= 0) & (input < self.num_embeddings)
        tokens = input.masked_fill(~in_vocabulary, UNKNOWN).long()
        return F.embedding(tokens, self.weight, padding_idx=PADDING).transpose(1, 2)


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


class GaussianNoise(nn.Module):
    """Adds Gaussian noise in training mode (Bishop 1995); the identity otherwise.

    Args:
        std: Standard deviation of the noise.
    """

    def __init__(self, std: float) -> None:
        super().__init__()
        self.std = std

    def forward(self, inputs: Tensor) -> Tensor:
        """Adds the noise."""
        return inputs + self.std * torch.randn_like(inputs) if self.training else inputs


class GlobalAvgPool(nn.Module):
    """Global average pooling: ``[N, C, …]`` to ``[N, C]``."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Averages every dimension after the channels."""
        return inputs.flatten(2).mean(dim=2)


class GlobalMaxPool(nn.Module):
    """Global max pooling: ``[N, C, …]`` to ``[N, C]``."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Takes the maximum of every dimension after the channels."""
        return inputs.flatten(2).amax(dim=2)
