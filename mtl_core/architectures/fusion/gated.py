"""Gated fusion (Arevalo et al.: Gated Multimodal Units for Information Fusion, ICLR workshop 2017)."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mtl_core.architectures.fusion.components.input_checks import check_equal_widths as check
from mtl_core.architectures.fusion.components.rows import EqualWidthRows, masked_softmax, presence_columns
from mtl_core.spec.fusion.gated import Gated
from mtl_core.spec.reports import Shape

__all__ = ["GatedFusion", "build", "check"]


class GatedFusion(nn.Module):
    """Each feature is the mean of the inputs', weighted by a softmax over the inputs of a linear map of all of them.

    Args:
        rows: Reads a row of the same width from each input.
        inputs: Number of inputs.
    """

    def __init__(self, rows: EqualWidthRows, inputs: int) -> None:
        super().__init__()
        self.rows = rows
        self.gate = nn.Linear(inputs * rows.width, inputs * rows.width)

    def forward(
        self, features: Mapping[str, Tensor], present: Mapping[str, Tensor], padding: Mapping[str, Tensor]
    ) -> Tensor:
        """``[N, width]``."""
        rows = torch.stack(self.rows(features, present, padding), dim=1)
        scores = self.gate(rows.flatten(1)).unflatten(1, rows.shape[1:])
        weights = masked_softmax(scores, presence_columns(tuple(features), present, rows))
        return (weights * rows).sum(dim=1)


def build(spec: Gated, shapes: Mapping[str, Shape]) -> GatedFusion:
    """Builds the gates, and a linear layer for each input if the spec has a width."""
    return GatedFusion(EqualWidthRows(shapes, spec.width), len(shapes))
