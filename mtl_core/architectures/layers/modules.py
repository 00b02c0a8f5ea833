"""The few layers torch has no module of the right shape for."""

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor, nn

from mtl_core.spec.dataset import PADDING, UNKNOWN


class Embedding(nn.Embedding):
    """A vector for each token: numbers ``[N, L]`` to ``[N, dim, L]``; padding is all zeros.

    Args:
        vocabulary: Numbers from this one on are read as unknown.
        dim: Numbers in a vector.
    """

    def __init__(self, vocabulary: int, dim: int) -> None:
        super().__init__(vocabulary, dim, padding_idx=PADDING)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  # as torch calls it
        """The tokens' vectors, channels first."""
        known = (input >= 0) & (input < self.num_embeddings)
        tokens = input.masked_fill(~known, UNKNOWN).long()
        return F.embedding(tokens, self.weight, padding_idx=PADDING).transpose(1, 2)


class Recurrent(nn.Module):
    """A recurrent layer over channels × length: ``[N, C, L]`` to ``[N, H, L]``.

    Args:
        layer: Takes and gives ``[N, L, C]`` first.
    """

    def __init__(self, layer: nn.LSTM | nn.GRU) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, inputs: Tensor) -> Tensor:
        """What it gives at every position."""
        outputs: Tensor = self.layer(inputs.transpose(1, 2))[0]
        return outputs.transpose(1, 2)


class GaussianNoise(nn.Module):
    """Normal noise on every number while training (Bishop 1995); nothing otherwise.

    Args:
        std: Its standard deviation.
    """

    def __init__(self, std: float) -> None:
        super().__init__()
        self.std = std

    def forward(self, inputs: Tensor) -> Tensor:
        """The inputs with noise."""
        return inputs + self.std * torch.randn_like(inputs) if self.training else inputs


class GlobalAvgPool(nn.Module):
    """The mean over all positions: ``[N, C, …]`` to ``[N, C]``."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Average every dimension after the channels."""
        return inputs.flatten(2).mean(dim=2)


class GlobalMaxPool(nn.Module):
    """The largest value over all positions: ``[N, C, …]`` to ``[N, C]``."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Take the maximum of every dimension after the channels."""
        return inputs.flatten(2).amax(dim=2)
