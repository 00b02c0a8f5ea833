"""The fully connected layer."""

from torch import nn

from mtl_core.architectures.layers.faults import Fault, QuickFix
from mtl_core.architectures.layers.input_rules import check_parameter_count, check_stated_inputs, rank_message
from mtl_core.architectures.layers.layer_kind import Kinds, LayerKind, join_details
from mtl_core.spec import layers as spec
from mtl_core.spec.reports import Shape


def check_linear(layer: spec.Linear, shape: Shape) -> Fault | None:
    """Requires one row of as many features as are stated, and a weight matrix that fits in memory."""
    if len(shape) != 1:
        return Fault(rank_message(layer, shape, 1), QuickFix("Add Flatten before", (spec.Flatten(), layer)))
    return check_stated_inputs(layer, "in_features", shape) or check_parameter_count(
        layer, (shape[0] + layer.bias) * layer.out_features
    )


def _build(layer: spec.Linear, shape: Shape) -> nn.Module:
    return nn.Linear(shape[0], layer.out_features, bias=layer.bias)


def _detail(layer: spec.Linear) -> str:
    return join_details(str(layer.out_features), "" if layer.bias else "no bias")


KINDS: Kinds = {spec.Linear: LayerKind(_build, check_linear, _detail)}
