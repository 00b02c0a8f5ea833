"""The sum of the inputs."""

from collections.abc import Mapping
from functools import reduce
from operator import add

from torch import Tensor, nn

from mtl_core.architectures.fusion.components.input_checks import check_equal_widths as check
from mtl_core.architectures.fusion.components.rows import EqualWidthRows
from mtl_core.spec.fusion.sum import Sum
from mtl_core.spec.reports import Shape

__all__ = ["SumFusion", "build", "check"]


class SumFusion(nn.Module):
    """The sum of the inputs' rows.

    Args:
        rows: Reads a row of the same width from each input.
    """

    def __init__(self, rows: EqualWidthRows) -> None:
        super().__init__()
        self.rows = rows

    def forward(
        self, features: Mapping[str, Tensor], present: Mapping[str, Tensor], padding: Mapping[str, Tensor]
    ) -> Tensor:
        """``[N, width]``."""
        total: Tensor = reduce(add, self.rows(features, present, padding))
        return total


def build(spec: Sum, shapes: Mapping[str, Shape]) -> SumFusion:
    """Builds the sum, with a linear layer for each input if the spec has a width."""
    return SumFusion(EqualWidthRows(shapes, spec.width))
