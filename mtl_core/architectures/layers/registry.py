"""Registry of all kinds of layers: collects those of the modules of :mod:`mtl_core.architectures.layers.kinds`."""

from mtl_core.architectures.layers import pretrained, pretrained_rules
from mtl_core.architectures.layers.kinds import (
    activations,
    attention,
    blocks,
    convolutions,
    dense,
    norms,
    patches,
    plugins,
    pooling,
    residual,
    sequences,
    tables,
)
from mtl_core.architectures.layers.layer_kind import Kinds, LayerKind
from mtl_core.spec import layers as spec
from mtl_core.spec.base import Spec

_GROUPS = (dense, convolutions, blocks, activations, pooling, sequences, attention, patches, tables, norms, plugins)

KINDS: Kinds = {
    **{layer: kind for group in _GROUPS for layer, kind in group.KINDS.items()},
    spec.Pretrained: LayerKind(pretrained.build, pretrained_rules.check, pretrained_rules.detail),
}
"""One entry per member of :data:`mtl_core.spec.Layer` that is no block; a contract test holds it to that."""

BLOCKS = residual.BLOCKS
"""One entry per member that holds layers."""


def layer_detail(layer: Spec) -> str:
    """A layer's settings as a few words for the diagram."""
    kind: LayerKind | residual.BlockKind = BLOCKS.get(type(layer)) or KINDS[type(layer)]
    return kind.detail(layer)
