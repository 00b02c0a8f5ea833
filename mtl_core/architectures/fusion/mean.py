"""The mean of the inputs."""

from collections.abc import Mapping

from torch import Tensor

from mtl_core.architectures.fusion.components.input_checks import check_equal_widths as check
from mtl_core.architectures.fusion.components.rows import EqualWidthRows, presence_columns
from mtl_core.architectures.fusion.sum import SumFusion
from mtl_core.spec.fusion.mean import Mean
from mtl_core.spec.reports import Shape

__all__ = ["MeanFusion", "build", "check"]


class MeanFusion(SumFusion):
    """The mean of the rows of the inputs that a row has; zeros for a row without any."""

    def forward(
        self, features: Mapping[str, Tensor], present: Mapping[str, Tensor], padding: Mapping[str, Tensor]
    ) -> Tensor:
        """``[N, width]``."""
        total = super().forward(features, present, padding)
        columns = presence_columns(tuple(features), present, total)
        return total / (len(features) if columns is None else columns.sum(dim=1, keepdim=True).clamp(min=1))


def build(spec: Mean, shapes: Mapping[str, Shape]) -> MeanFusion:
    """Builds the mean, with a linear layer for each input if the spec has a width."""
    return MeanFusion(EqualWidthRows(shapes, spec.width))
