"""Activations."""

from torch import nn

from mtl_core.architectures.layers.layer_kind import Kinds, LayerKind, kind_without_settings
from mtl_core.spec import layers as spec

KINDS: Kinds = {
    spec.ReLU: kind_without_settings(nn.ReLU),
    spec.LeakyReLU: LayerKind(
        lambda layer, _: nn.LeakyReLU(layer.negative_slope),
        detail=lambda layer: f"slope {layer.negative_slope:g}",
    ),
    spec.ELU: kind_without_settings(nn.ELU),
    spec.GELU: kind_without_settings(nn.GELU),
    spec.SiLU: kind_without_settings(nn.SiLU),
    spec.Mish: kind_without_settings(nn.Mish),
    spec.Tanh: kind_without_settings(nn.Tanh),
    spec.Sigmoid: kind_without_settings(nn.Sigmoid),
    spec.Softplus: kind_without_settings(nn.Softplus),
}
