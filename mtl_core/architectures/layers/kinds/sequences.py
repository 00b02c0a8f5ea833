"""Layers for texts and sequences."""

from torch import nn

from mtl_core.architectures.layers.faults import Fault, QuickFix, arrival_text
from mtl_core.architectures.layers.input_rules import check_parameter_count, check_value_count, rank_message
from mtl_core.architectures.layers.layer_kind import Kinds, LayerKind, join_details
from mtl_core.architectures.layers.modules.sequences import Embedding, Recurrent
from mtl_core.spec import layers as spec
from mtl_core.spec.reports import Shape

_Recurrent = spec.LSTM | spec.GRU


def check_embedding(layer: spec.Embedding, shape: Shape) -> Fault | None:
    """Requires one row of token ids, and vectors that fit in memory."""
    if len(shape) != 1:
        return Fault(
            f"Embedding takes a row of token numbers; {arrival_text(shape)}.", QuickFix("Remove this layer", ())
        )
    return check_parameter_count(layer, layer.vocabulary * layer.dimensions) or check_value_count(
        layer, layer.dimensions * shape[0]
    )


def check_recurrent(layer: _Recurrent, shape: Shape) -> Fault | None:
    """Requires channels × length."""
    if len(shape) == 2:
        return None
    quick_fix = QuickFix("Use Linear", (spec.Linear(out_features=layer.hidden_size),)) if len(shape) == 1 else None
    return Fault(rank_message(layer, shape, 2), quick_fix)


def _recurrent_kind(module: type[nn.LSTM] | type[nn.GRU]) -> LayerKind:
    def build(layer: _Recurrent, shape: Shape) -> nn.Module:
        settings = {"num_layers": layer.num_layers, "bidirectional": layer.bidirectional}
        return Recurrent(module(shape[0], layer.hidden_size, batch_first=True, **settings))

    return LayerKind(build, check_recurrent, _recurrent_detail)


def _recurrent_detail(layer: _Recurrent) -> str:
    return join_details(
        str(layer.hidden_size),
        f"{layer.num_layers} layers" if layer.num_layers != 1 else "",
        "both ways" if layer.bidirectional else "",
    )


KINDS: Kinds = {
    spec.Embedding: LayerKind(
        lambda layer, _: Embedding(layer.vocabulary, layer.dimensions),
        check_embedding,
        lambda layer: f"{layer.dimensions} · {layer.vocabulary:,} tokens",
    ),
    spec.LSTM: _recurrent_kind(nn.LSTM),
    spec.GRU: _recurrent_kind(nn.GRU),
}
