"""Every kind of layer in one table: how it is checked, built and described."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from mtl_core.architectures.layers import input_rules, pretrained, pretrained_rules
from mtl_core.architectures.layers.errors import Fault
from mtl_core.architectures.layers.modules import Embedding, GaussianNoise, GlobalAvgPool, GlobalMaxPool, Recurrent
from mtl_core.errors import EnvironmentFault
from mtl_core.plugins import builder_of
from mtl_core.spec import layers as spec
from mtl_core.spec import members
from mtl_core.spec.base import Spec
from mtl_core.spec.reports import Shape


@dataclass(frozen=True)
class Kind:
    """What is needed of a kind of layer.

    Attributes:
        build: The module for a layer and the shape that arrives, without the batch.
        check: Why the layer cannot take that shape, or None.
        detail: The layer's settings as a few words for the diagram.
    """

    build: Callable[[Any, Shape], nn.Module]
    check: Callable[[Any, Shape], Fault | None] = input_rules.anything
    detail: Callable[[Any], str] = lambda _: ""


def _linear(layer: spec.Linear, shape: Shape) -> nn.Module:
    return nn.Linear(shape[0], layer.out_features, bias=layer.bias)


def _conv(layer: input_rules.Conv, shape: Shape) -> nn.Module:
    over_image = isinstance(layer, spec.Conv2d)
    span = layer.dilation * (layer.kernel_size - 1)
    # Numbers are spared torch's own handling of 'same'; an even window needs one more zero on the far side.
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
    near, far = span // 2, span - span // 2
    pad = nn.ZeroPad2d((near, far, near, far)) if over_image else nn.ZeroPad1d((near, far))
    return nn.Sequential(pad, conv)


def _pool(module: Callable[..., nn.Module]) -> Callable[[input_rules.Pool, Shape], nn.Module]:
    return lambda layer, _: module(layer.kernel_size, stride=layer.stride, padding=layer.padding)


def _batch_norm(module: Callable[..., nn.Module]) -> Callable[[input_rules.BatchNorm, Shape], nn.Module]:
    return lambda layer, shape: module(shape[0], eps=layer.eps, momentum=layer.momentum, affine=layer.affine)


def _dropout2d(layer: spec.Dropout2d, shape: Shape) -> nn.Module:
    return nn.Dropout2d(layer.p) if len(shape) == 3 else nn.Dropout1d(layer.p)


def _recurrent(module: type[nn.LSTM] | type[nn.GRU]) -> Kind:
    def build(layer: input_rules.Recurrent, shape: Shape) -> nn.Module:
        settings = {"num_layers": layer.num_layers, "bidirectional": layer.bidirectional}
        return Recurrent(module(shape[0], layer.hidden_size, batch_first=True, **settings))

    return Kind(build, input_rules.recurrent, _recurrent_detail)


def _plain(module: Callable[[], nn.Module]) -> Kind:
    """A layer without settings that takes any shape."""
    return Kind(lambda _, __: module())


def _join(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _window(layer: input_rules.Conv | input_rules.Pool) -> str:
    return "×".join([str(layer.kernel_size)] * input_rules.dimensions(layer))


def _linear_detail(layer: spec.Linear) -> str:
    return _join(str(layer.out_features), "" if layer.bias else "no bias")


def _conv_detail(layer: input_rules.Conv) -> str:
    return _join(
        str(layer.out_channels),
        _window(layer),
        "same" if layer.padding == "same" else f"padding {layer.padding}",
        f"stride {layer.stride}" if layer.stride != 1 else "",
        f"dilation {layer.dilation}" if layer.dilation != 1 else "",
        f"{layer.groups} groups" if layer.groups != 1 else "",
        "" if layer.bias else "no bias",
    )


def _pool_detail(layer: input_rules.Pool) -> str:
    return _join(
        _window(layer),
        f"stride {layer.stride}" if layer.stride not in (None, layer.kernel_size) else "",
        f"padding {layer.padding}" if layer.padding else "",
    )


def _recurrent_detail(layer: input_rules.Recurrent) -> str:
    return _join(
        str(layer.hidden_size),
        f"{layer.num_layers} layers" if layer.num_layers != 1 else "",
        "both ways" if layer.bidirectional else "",
    )


def _batch_norm_detail(layer: input_rules.BatchNorm) -> str:
    momentum = "" if layer.momentum == 0.1 else f"momentum {layer.momentum:g}"
    return _join(momentum, "" if layer.affine else "not learned")


def _p_detail(layer: spec.Dropout | spec.Dropout2d) -> str:
    return f"p {layer.p:g}"


def _plugin(spec_class: type[spec.PluginLayer]) -> Kind:
    """What is needed of a layer of another package, whose module is imported when it is first used."""

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

    return Kind(build, check, detail)


KINDS: dict[type[Spec], Kind] = {
    spec.Linear: Kind(_linear, input_rules.linear, _linear_detail),
    spec.Conv1d: Kind(_conv, input_rules.conv, _conv_detail),
    spec.Conv2d: Kind(_conv, input_rules.conv, _conv_detail),
    spec.Embedding: Kind(
        lambda layer, _: Embedding(layer.vocabulary, layer.dim),
        input_rules.embedding,
        lambda layer: f"{layer.dim} · {layer.vocabulary:,} tokens",
    ),
    spec.LSTM: _recurrent(nn.LSTM),
    spec.GRU: _recurrent(nn.GRU),
    spec.MaxPool1d: Kind(_pool(nn.MaxPool1d), input_rules.pool, _pool_detail),
    spec.MaxPool2d: Kind(_pool(nn.MaxPool2d), input_rules.pool, _pool_detail),
    spec.AvgPool1d: Kind(_pool(nn.AvgPool1d), input_rules.pool, _pool_detail),
    spec.AvgPool2d: Kind(_pool(nn.AvgPool2d), input_rules.pool, _pool_detail),
    spec.BatchNorm1d: Kind(_batch_norm(nn.BatchNorm1d), input_rules.batch_norm, _batch_norm_detail),
    spec.BatchNorm2d: Kind(_batch_norm(nn.BatchNorm2d), input_rules.batch_norm, _batch_norm_detail),
    spec.LayerNorm: Kind(lambda layer, shape: nn.LayerNorm(shape, eps=layer.eps)),
    spec.GroupNorm: Kind(
        lambda layer, shape: nn.GroupNorm(layer.num_groups, shape[0]),
        input_rules.group_norm,
        lambda layer: f"{layer.num_groups} group{'' if layer.num_groups == 1 else 's'}",
    ),
    spec.Dropout: Kind(lambda layer, _: nn.Dropout(layer.p), detail=_p_detail),
    spec.Dropout2d: Kind(_dropout2d, input_rules.dropout2d, _p_detail),
    spec.GaussianNoise: Kind(lambda layer, _: GaussianNoise(layer.std), detail=lambda layer: f"std {layer.std:g}"),
    spec.ReLU: _plain(nn.ReLU),
    spec.LeakyReLU: Kind(
        lambda layer, _: nn.LeakyReLU(layer.negative_slope),
        detail=lambda layer: f"slope {layer.negative_slope:g}",
    ),
    spec.ELU: _plain(nn.ELU),
    spec.GELU: _plain(nn.GELU),
    spec.SiLU: _plain(nn.SiLU),
    spec.Tanh: _plain(nn.Tanh),
    spec.Sigmoid: _plain(nn.Sigmoid),
    spec.Softplus: _plain(nn.Softplus),
    spec.Flatten: _plain(nn.Flatten),
    spec.GlobalAvgPool: Kind(lambda _, __: GlobalAvgPool(), input_rules.global_pool),
    spec.GlobalMaxPool: Kind(lambda _, __: GlobalMaxPool(), input_rules.global_pool),
    spec.Pretrained: Kind(pretrained.build, pretrained_rules.check, pretrained_rules.detail),
    **{layer: _plugin(layer) for layer in members(spec.Layer) if issubclass(layer, spec.PluginLayer)},
}
"""One entry per member of :data:`mtl_core.spec.Layer`; a contract test holds it to that."""
