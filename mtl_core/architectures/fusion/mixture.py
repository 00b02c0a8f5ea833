"""Mixture of modality experts (after Bao et al.: VLMo, NeurIPS 2022)."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mtl_core.architectures.fusion.components.input_modules import InputModules
from mtl_core.architectures.fusion.components.rows import masked_softmax, presence_columns, read_rows
from mtl_core.spec.fusion.mixture import Mixture
from mtl_core.spec.reports import Shape


class MixtureFusion(nn.Module):
    """The outputs of an expert for each input and of one that reads all of them, weighted by a softmax gate.

    A row that lacks an input has no weight for that input's expert, and zeros in the place of its features.

    Args:
        shapes: Shape of each input's features.
        hidden: Width of an expert's hidden layer.
        width: Number of outputs.
    """

    def __init__(self, shapes: Mapping[str, Shape], hidden: int, width: int) -> None:
        super().__init__()
        self.experts = InputModules({name: _build_expert(shape[0], hidden, width) for name, shape in shapes.items()})
        total = sum(shape[0] for shape in shapes.values())
        self.joint_expert = _build_expert(total, hidden, width)
        self.gate = nn.Linear(total, len(shapes) + 1)

    def forward(
        self, features: Mapping[str, Tensor], present: Mapping[str, Tensor], padding: Mapping[str, Tensor]
    ) -> Tensor:
        """``[N, width]``."""
        rows = read_rows(features, padding)
        joint = torch.cat(list(rows.values()), dim=1)
        outputs = [*(self.experts.for_input(name)(row) for name, row in rows.items()), self.joint_expert(joint)]
        columns = presence_columns(tuple(rows), present, joint)
        if columns is not None:
            columns = torch.cat([columns, columns.new_ones(columns.shape[0], 1)], dim=1)
        weights = masked_softmax(self.gate(joint), columns)
        return (weights.unsqueeze(2) * torch.stack(outputs, dim=1)).sum(dim=1)


def _build_expert(inputs: int, hidden: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, width))


def build(spec: Mixture, shapes: Mapping[str, Shape]) -> MixtureFusion:
    """Builds the experts and the gate."""
    return MixtureFusion(shapes, spec.hidden, spec.width)
