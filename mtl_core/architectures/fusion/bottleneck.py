"""Attention bottlenecks (Nagrani et al.: Attention Bottlenecks for Multimodal Fusion, NeurIPS 2021)."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mtl_core.architectures.fusion.components.attention import AttentionBlock
from mtl_core.architectures.fusion.components.input_checks import check_heads
from mtl_core.architectures.fusion.components.input_modules import InputModules
from mtl_core.architectures.fusion.components.rows import presence_columns
from mtl_core.architectures.fusion.components.tokens import InputTokens, token_mask
from mtl_core.architectures.layers.faults import Fault
from mtl_core.spec.fusion.bottleneck import Bottleneck
from mtl_core.spec.reports import Shape

_INITIAL_STD = 0.02


class BottleneckLayer(nn.Module):
    """A transformer block for each input, whose bottleneck tokens are averaged.

    Args:
        names: The inputs.
        width: Width of the tokens.
        heads: Number of attention heads.
    """

    def __init__(self, names: tuple[str, ...], width: int, heads: int) -> None:
        super().__init__()
        self.blocks = InputModules({name: AttentionBlock(width, heads) for name in names})

    def forward(
        self, tokens: Mapping[str, Tensor], bottleneck: Tensor, masks: Mapping[str, Tensor]
    ) -> tuple[dict[str, Tensor], list[Tensor]]:
        """The next tokens of each input, and the bottleneck tokens ``[N, B, width]`` that each gives.

        Args:
            tokens: ``[N, L, width]`` of each input.
            bottleneck: ``[N, B, width]``.
            masks: ``[N, L + B]`` of each input with hidden tokens.
        """
        next_tokens: dict[str, Tensor] = {}
        bottlenecks: list[Tensor] = []
        for name, input_tokens in tokens.items():
            both = torch.cat([input_tokens, bottleneck], dim=1)
            output = self.blocks.for_input(name)(both, both, masks.get(name))
            next_tokens[name] = output[:, : input_tokens.shape[1]]
            bottlenecks.append(output[:, input_tokens.shape[1] :])
        return next_tokens, bottlenecks

    def bottlenecks(
        self, tokens: Mapping[str, Tensor], bottleneck: Tensor, masks: Mapping[str, Tensor]
    ) -> list[Tensor]:
        """The bottleneck tokens that each input gives, without its own next tokens."""
        return [
            self.blocks.for_input(name)(bottleneck, torch.cat([input_tokens, bottleneck], dim=1), masks.get(name))
            for name, input_tokens in tokens.items()
        ]


class BottleneckFusion(nn.Module):
    """Layers in which inputs exchange features through bottleneck tokens; the mean of the last ones, normalized.

    An input that a row lacks does not count in the mean over inputs; a row without any keeps the initial tokens.

    Args:
        shapes: Shape of each input's features.
        tokens: Number of bottleneck tokens.
        layers: Number of layers.
        width: Width of the tokens.
        heads: Number of attention heads.
    """

    def __init__(self, shapes: Mapping[str, Shape], *, tokens: int, layers: int, width: int, heads: int) -> None:
        super().__init__()
        self.tokens = InputTokens(shapes, width)
        self.bottleneck = nn.Parameter(_INITIAL_STD * torch.randn(tokens, width))
        self.layers = nn.ModuleList(BottleneckLayer(tuple(shapes), width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(
        self, features: Mapping[str, Tensor], present: Mapping[str, Tensor], padding: Mapping[str, Tensor]
    ) -> Tensor:
        """``[N, width]``."""
        tokens = self.tokens(features)
        names = tuple(tokens)
        rows = tokens[names[0]].shape[0]
        bottleneck = self.bottleneck.expand(rows, -1, -1)
        columns = presence_columns(names, present, bottleneck)
        masks = self._masks(tokens, present, padding)
        *layers, last = self.layers
        for layer in layers:
            tokens, bottlenecks = layer(tokens, bottleneck, masks)
            bottleneck = _mean_of_present(bottlenecks, columns, bottleneck)
        assert isinstance(last, BottleneckLayer)
        bottleneck = _mean_of_present(last.bottlenecks(tokens, bottleneck, masks), columns, bottleneck)
        output: Tensor = self.norm(bottleneck).mean(dim=1)
        return output

    def _masks(
        self, tokens: Mapping[str, Tensor], present: Mapping[str, Tensor], padding: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """``[N, L + B]`` of each input with hidden tokens; bottleneck tokens never are."""
        masks = {name: token_mask((name,), tokens, present, padding) for name in tokens}
        return {
            name: torch.cat([mask, mask.new_ones(mask.shape[0], self.bottleneck.shape[0])], dim=1)
            for name, mask in masks.items()
            if mask is not None
        }


def _mean_of_present(bottlenecks: list[Tensor], columns: Tensor | None, before: Tensor) -> Tensor:
    """The mean of the bottleneck tokens over the inputs that a row has; those before where it has none."""
    every = torch.stack(bottlenecks, dim=1)
    if columns is None:
        return every.mean(dim=1)
    weights = columns[:, :, None, None]
    mean = every.masked_fill(~weights, 0).sum(dim=1) / weights.sum(dim=1).clamp(min=1)
    return torch.where(columns.any(dim=1)[:, None, None], mean, before)


def build(spec: Bottleneck, shapes: Mapping[str, Shape]) -> BottleneckFusion:
    """Builds the tokens of all inputs, the bottleneck tokens and the layers."""
    return BottleneckFusion(shapes, tokens=spec.tokens, layers=spec.layers, width=spec.width, heads=spec.heads)


def check(spec: Bottleneck, shapes: Mapping[str, Shape]) -> Fault | None:
    """Requires heads that divide the width."""
    return check_heads(spec)
