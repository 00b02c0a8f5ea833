"""Layers for tables: embeddings of the columns, and the beginning of TabM's members."""

from mtl_core.architectures.layers import members, table_embeddings
from mtl_core.architectures.layers.layer_kind import Kinds, LayerKind
from mtl_core.spec import layers as spec

_EMBEDDINGS = (spec.FeatureEmbeddings, spec.NumericEmbeddings, spec.CategoryEmbeddings)

KINDS: Kinds = {
    **{
        layer: LayerKind(table_embeddings.build, table_embeddings.check, table_embeddings.detail)
        for layer in _EMBEDDINGS
    },
    spec.TabM: LayerKind(members.build, members.check, members.detail),
}
