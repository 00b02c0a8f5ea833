"""Registry of all kinds of layers: how each is checked, built and described."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from mtl_core.architectures.layers import input_rules, members, pretrained, pretrained_rules, table_embeddings
from mtl_core.architectures.layers.faults import Fault
from mtl_core.architectures.layers.modules import Embedding, GaussianNoise, GlobalAvgPool, GlobalMaxPool, Recurrent
from mtl_core.errors import EnvironmentFault
from mtl_core.plugins import builder_of
from mtl_core.spec import layers as spec
from mtl_core.spec import members as union_members
from mtl_core.spec.base import Spec
from mtl_core.spec.reports import Shape


@dataclass(frozen=True)
class LayerKind:
    """How a kind of layer is built, checked and described.

    Attributes:
        build: Builds the module from the layer's spec and its input shape without the batch dimension.
        check: The fault that keeps the layer from taking that shape, or None.
        detail: The layer's settings as a few words for the diagram.
    """

    build: Callable[[Any, Shape], nn.Module]
    check: Callable[[Any, Shape], Fault | None] = input_rules.accept_any_shape
    detail: Callable[[Any], str] = lambda _: ""


def _build_linear(layer: spec.Linear, shape: Shape) -> nn.Module:
    return nn.Linear(shape[0], layer.out_features, bias=layer.bias)


def _build_conv(layer: input_rules.Conv, shape: Shape) -> nn.Module:
    over_image = isinstance(layer, spec.Conv2d)
    span = layer.dilation * (layer.kernel_size - 1)
    # Numeric padding is faster than torch's 'same'; an even window needs one more zero on the right.
    padding = layer.padding if layer.padding != "same" else 0 if span % 2 else span // 2
    conv = (nn.Conv2d if over_image else nn.Conv1d)(
        shape[0],
        layer.out_channels,
        layer.kernel_size,
        stride=layer.stride,
        padding=padding,
        dilation=layer.dilation,
        groups=layer.groups,
        bias=layer.bias,
    )
    if layer.padding != "same" or span % 2 == 0:
        return conv
    left, right = span // 2, span - span // 2
    pad = nn.ZeroPad2d((left, right, left, right)) if over_image else nn.ZeroPad1d((left, right))
    return nn.Sequential(pad, conv)


def _pool_builder(module: Callable[..., nn.Module]) -> Callable[[input_rules.Pool, Shape], nn.Module]:
    return lambda layer, _: module(layer.kernel_size, stride=layer.stride, padding=layer.padding)


def _batch_norm_builder(module: Callable[..., nn.Module]) -> Callable[[input_rules.BatchNorm, Shape], nn.Module]:
    return lambda layer, shape: module(shape[0], eps=layer.eps, momentum=layer.momentum, affine=layer.affine)


def _build_dropout2d(layer: spec.Dropout2d, shape: Shape) -> nn.Module:
    return nn.Dropout2d(layer.p) if len(shape) == 3 else nn.Dropout1d(layer.p)


def _recurrent_kind(module: type[nn.LSTM] | type[nn.GRU]) -> LayerKind:
    def build(layer: input_rules.Recurrent, shape: Shape) -> nn.Module:
        settings = {"num_layers": layer.num_layers, "bidirectional": layer.bidirectional}
        return Recurrent(module(shape[0], layer.hidden_size, batch_first=True, **settings))

    return LayerKind(build, input_rules.check_recurrent, _recurrent_detail)


def _kind_without_settings(module: Callable[[], nn.Module]) -> LayerKind:
    """The kind of a layer without settings that takes any shape."""
    return LayerKind(lambda _, __: module())


def _join_details(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _kernel_detail(layer: input_rules.Conv | input_rules.Pool) -> str:
    return "×".join([str(layer.kernel_size)] * input_rules.dimensions(layer))


def _linear_detail(layer: spec.Linear) -> str:
    return _join_details(str(layer.out_features), "" if layer.bias else "no bias")


def _conv_detail(layer: input_rules.Conv) -> str:
    return _join_details(
        str(layer.out_channels),
        _kernel_detail(layer),
        "same" if layer.padding == "same" else f"padding {layer.padding}",
        f"stride {layer.stride}" if layer.stride != 1 else "",
        f"dilation {layer.dilation}" if layer.dilation != 1 else "",
        f"{layer.groups} groups" if layer.groups != 1 else "",
        "" if layer.bias else "no bias",
    )


def _pool_detail(layer: input_rules.Pool) -> str:
    return _join_details(
        _kernel_detail(layer),
        f"stride {layer.stride}" if layer.stride not in (None, layer.kernel_size) else "",
        f"padding {layer.padding}" if layer.padding else "",
    )


def _recurrent_detail(layer: input_rules.Recurrent) -> str:
    return _join_details(
        str(layer.hidden_size),
        f"{layer.num_layers} layers" if layer.num_layers != 1 else "",
        "both ways" if layer.bidirectional else "",
    )


def _batch_norm_detail(layer: input_rules.BatchNorm) -> str:
    momentum = "" if layer.momentum == 0.1 else f"momentum {layer.momentum:g}"
    return _join_details(momentum, "" if layer.affine else "not learned")


def _dropout_detail(layer: spec.Dropout | spec.Dropout2d) -> str:
    return f"p {layer.p:g}"


def _plugin_kind(spec_class: type[spec.PluginLayer]) -> LayerKind:
    """The kind of a layer of another package, whose builder module is imported on first use."""

    def build(layer: spec.PluginLayer, shape: Shape) -> nn.Module:
        module = builder_of(spec_class).build(layer, shape)
        if isinstance(module, nn.Module):
            return module
        rule = f"{spec_class.builder}.build must return a torch.nn.Module"
        raise EnvironmentFault("model", rule, found=module, fix="Update the package of the layer.")

    def check(layer: spec.PluginLayer, shape: Shape) -> Fault | None:
        reason = getattr(builder_of(spec_class), "check", lambda *_: None)(layer, shape)
        return None if reason is None else Fault(str(reason))

    def detail(layer: spec.PluginLayer) -> str:
        return str(getattr(builder_of(spec_class), "detail", lambda _: "")(layer))

    return LayerKind(build, check, detail)


KINDS: dict[type[Spec], LayerKind] = {
    spec.Linear: LayerKind(_build_linear, input_rules.check_linear, _linear_detail),
    spec.Conv1d: LayerKind(_build_conv, input_rules.check_conv, _conv_detail),
    spec.Conv2d: LayerKind(_build_conv, input_rules.check_conv, _conv_detail),
    spec.Embedding: LayerKind(
        lambda layer, _: Embedding(layer.vocabulary, layer.dim),
        input_rules.check_embedding,
        lambda layer: f"{layer.dim} · {layer.vocabulary:,} tokens",
    ),
    spec.LSTM: _recurrent_kind(nn.LSTM),
    spec.GRU: _recurrent_kind(nn.GRU),
    spec.MaxPool1d: LayerKind(_pool_builder(nn.MaxPool1d), input_rules.check_pool, _pool_detail),
    spec.MaxPool2d: LayerKind(_pool_builder(nn.MaxPool2d), input_rules.check_pool, _pool_detail),
    spec.AvgPool1d: LayerKind(_pool_builder(nn.AvgPool1d), input_rules.check_pool, _pool_detail),
    spec.AvgPool2d: LayerKind(_pool_builder(nn.AvgPool2d), input_rules.check_pool, _pool_detail),
    spec.BatchNorm1d: LayerKind(_batch_norm_builder(nn.BatchNorm1d), input_rules.check_batch_norm, _batch_norm_detail),
    spec.BatchNorm2d: LayerKind(_batch_norm_builder(nn.BatchNorm2d), input_rules.check_batch_norm, _batch_norm_detail),
    spec.LayerNorm: LayerKind(lambda layer, shape: nn.LayerNorm(shape, eps=layer.eps)),
    spec.GroupNorm: LayerKind(
        lambda layer, shape: nn.GroupNorm(layer.num_groups, shape[0]),
        input_rules.check_group_norm,
        lambda layer: f"{layer.num_groups} group{'' if layer.num_groups == 1 else 's'}",
    ),
    spec.Dropout: LayerKind(lambda layer, _: nn.Dropout(layer.p), detail=_dropout_detail),
    spec.Dropout2d: LayerKind(_build_dropout2d, input_rules.check_dropout2d, _dropout_detail),
    spec.GaussianNoise: LayerKind(lambda layer, _: GaussianNoise(layer.std), detail=lambda layer: f"std {layer.std:g}"),
    spec.ReLU: _kind_without_settings(nn.ReLU),
    spec.LeakyReLU: LayerKind(
        lambda layer, _: nn.LeakyReLU(layer.negative_slope),
        detail=lambda layer: f"slope {layer.negative_slope:g}",
    ),
    spec.ELU: _kind_without_settings(nn.ELU),
    spec.GELU: _kind_without_settings(nn.GELU),
    spec.SiLU: _kind_without_settings(nn.SiLU),
    spec.Tanh: _kind_without_settings(nn.Tanh),
    spec.Sigmoid: _kind_without_settings(nn.Sigmoid),
    spec.Softplus: _kind_without_settings(nn.Softplus),
    spec.Flatten: _kind_without_settings(nn.Flatten),
    spec.GlobalAvgPool: LayerKind(lambda _, __: GlobalAvgPool(), input_rules.check_global_pool),
    spec.GlobalMaxPool: LayerKind(lambda _, __: GlobalMaxPool(), input_rules.check_global_pool),
    **{
        layer: LayerKind(table_embeddings.build, table_embeddings.check, table_embeddings.detail)
        for layer in (spec.FeatureEmbeddings, spec.NumericEmbeddings, spec.CategoryEmbeddings)
    },
    spec.TabM: LayerKind(members.build, members.check, members.detail),
    spec.Pretrained: LayerKind(pretrained.build, pretrained_rules.check, pretrained_rules.detail),
    **{layer: _plugin_kind(layer) for layer in union_members(spec.Layer) if issubclass(layer, spec.PluginLayer)},
}
"""One entry per member of :data:`mtl_core.spec.Layer`; a contract test holds it to that."""
