"""Low-rank bilinear fusion (Kim et al.: Hadamard Product for Low-rank Bilinear Pooling, ICLR 2017)."""

from collections.abc import Mapping
from functools import reduce
from operator import mul

from torch import Tensor, nn

from mtl_core.architectures.fusion.components.input_modules import InputModules
from mtl_core.architectures.fusion.components.rows import fill_absent, read_rows
from mtl_core.spec.fusion.bilinear import Bilinear
from mtl_core.spec.reports import Shape


class BilinearFusion(nn.Module):
    """A linear layer of the products, feature by feature, of linear maps of the inputs.

    A row that lacks an input has the factor 1 in its place. The offsets of the maps begin with 1 too, so that the model
    starts near a linear one.

    Args:
        shapes: Shape of each input's features.
        rank: Number of products.
        width: Number of outputs.
    """

    def __init__(self, shapes: Mapping[str, Shape], rank: int, width: int) -> None:
        super().__init__()
        factors = {name: nn.Linear(shape[0], rank) for name, shape in shapes.items()}
        for factor in factors.values():
            nn.init.ones_(factor.bias)
        self.factors = InputModules(factors)
        self.output = nn.Linear(rank, width)

    def forward(
        self, features: Mapping[str, Tensor], present: Mapping[str, Tensor], padding: Mapping[str, Tensor]
    ) -> Tensor:
        """``[N, width]``."""
        factors = {name: self.factors.for_input(name)(row) for name, row in read_rows(features, padding).items()}
        output: Tensor = self.output(reduce(mul, fill_absent(factors, present, 1)))
        return output


def build(spec: Bilinear, shapes: Mapping[str, Shape]) -> BilinearFusion:
    """Builds the linear maps of the inputs and the layer that reads their products."""
    return BilinearFusion(shapes, spec.rank, spec.width)
