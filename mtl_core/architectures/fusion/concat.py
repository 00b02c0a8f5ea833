"""Concatenation of the inputs."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mtl_core.architectures.fusion.components.input_checks import setting_fix
from mtl_core.architectures.fusion.components.rows import read_rows
from mtl_core.architectures.layers.faults import Fault
from mtl_core.spec.fusion.concat import Concat
from mtl_core.spec.reports import Shape
from mtl_core.text import group_digits


class ConcatFusion(nn.Module):
    """The rows of all inputs, one behind the other; zeros where a row lacks the input."""

    def forward(
        self, features: Mapping[str, Tensor], present: Mapping[str, Tensor], padding: Mapping[str, Tensor]
    ) -> Tensor:
        """``[N, sum of widths]``."""
        return torch.cat(list(read_rows(features, padding).values()), dim=1)


def build(spec: Concat, shapes: Mapping[str, Shape]) -> ConcatFusion:
    """Builds the concatenation, which has no parameters."""
    return ConcatFusion()


def check(spec: Concat, shapes: Mapping[str, Shape]) -> Fault | None:
    """Requires as many features as the spec says, if it does."""
    widths = [shape[0] for shape in shapes.values()]
    total = sum(widths)
    if spec.in_features in (None, total):
        return None
    parts = " + ".join(map(group_digits, widths))
    arriving = f"{parts} = {group_digits(total)}" if len(widths) > 1 else parts
    return Fault(
        f"{spec.title} is told to take {group_digits(spec.in_features or 0)} features; {arriving} arrive.",
        setting_fix(spec, f"Set the features in to {group_digits(total)}", in_features=total),
    )
