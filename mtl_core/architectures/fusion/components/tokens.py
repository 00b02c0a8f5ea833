"""Inputs as tokens, for kinds of fusion that read positions."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mtl_core.architectures.fusion.components.input_modules import InputModules
from mtl_core.spec.reports import Shape


class InputTokens(nn.Module):
    """Reads tokens of the same width from each input: one for each position, one of an input without positions.

    Args:
        shapes: Shape of each input's features.
        width: Width of the tokens.
    """

    def __init__(self, shapes: Mapping[str, Shape], width: int) -> None:
        super().__init__()
        self.projections = InputModules({name: nn.Linear(shape[0], width) for name, shape in shapes.items()})

    def forward(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Each input's tokens ``[N, L, width]``, of features ``[N, C]``, ``[N, C, L]`` or ``[N, C, H, W]``."""
        return {
            name: self.projections.for_input(name)(tensor.reshape(*tensor.shape[:2], -1).transpose(1, 2))
            for name, tensor in features.items()
        }


def token_mask(
    names: Sequence[str],
    tokens: Mapping[str, Tensor],
    present: Mapping[str, Tensor],
    padding: Mapping[str, Tensor],
) -> Tensor | None:
    """``[N, L]``: which tokens of some inputs, one behind the other, are real; None if all of them are.

    Args:
        names: These inputs.
        tokens: ``[N, L, width]`` of each.
        present: ``[N]`` of each input that some row lacks.
        padding: ``[N, L]`` of each input whose padding is known, true at real positions.
    """
    if not any(name in present or name in padding for name in names):
        return None
    masks = []
    for name in names:
        mask = padding[name] if name in padding else tokens[name].new_ones(tokens[name].shape[:2], dtype=torch.bool)
        masks.append(mask & present[name].unsqueeze(1) if name in present else mask)
    return torch.cat(masks, dim=1)
