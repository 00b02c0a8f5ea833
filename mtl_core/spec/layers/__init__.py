"""The layers of trunk and task heads; input sizes are not settings, they follow from the data."""

from typing import TYPE_CHECKING, Annotated, Union

from pydantic import Field

from mtl_core.plugins import LAYERS, load_kinds
from mtl_core.spec.base import Spec
from mtl_core.spec.layers.activations import ELU, GELU, LeakyReLU, Mish, ReLU, Sigmoid, SiLU, Softplus, Tanh
from mtl_core.spec.layers.attention import (
    ClassToken,
    MixerBlock,
    MultiHeadAttention,
    PositionalEncoding,
    SelfAttention,
    TransformerBlock,
)
from mtl_core.spec.layers.blocks import Bottleneck1d, Bottleneck2d, SqueezeExcite
from mtl_core.spec.layers.convolutions import (
    Conv1d,
    Conv2d,
    ConvTranspose1d,
    ConvTranspose2d,
    DepthwiseConv1d,
    DepthwiseConv2d,
    Upsample,
)
from mtl_core.spec.layers.dense import Linear
from mtl_core.spec.layers.norms import (
    BatchNorm1d,
    BatchNorm2d,
    Dropout,
    Dropout2d,
    GaussianNoise,
    GroupNorm,
    LayerNorm,
    LayerScale,
    RMSNorm,
    StochasticDepth,
)
from mtl_core.spec.layers.patches import PatchEmbedding, TokensToImage
from mtl_core.spec.layers.plugin import PluginLayer
from mtl_core.spec.layers.pooling import (
    AdaptiveAvgPool,
    AvgPool1d,
    AvgPool2d,
    Flatten,
    GlobalAvgPool,
    GlobalMaxPool,
    MaxPool1d,
    MaxPool2d,
    SelectPosition,
    SequencePool,
)
from mtl_core.spec.layers.pretrained import Pretrained
from mtl_core.spec.layers.residual import Residual
from mtl_core.spec.layers.sequences import GRU, LSTM, Embedding
from mtl_core.spec.layers.tables import CategoryEmbeddings, FeatureEmbeddings, NumericEmbeddings, TabM

_BuiltIn = (
    Linear
    | Conv1d
    | Conv2d
    | DepthwiseConv1d
    | DepthwiseConv2d
    | ConvTranspose1d
    | ConvTranspose2d
    | Upsample
    | SqueezeExcite
    | Residual
    | Bottleneck1d
    | Bottleneck2d
    | Embedding
    | LSTM
    | GRU
    | SelfAttention
    | MultiHeadAttention
    | TransformerBlock
    | PositionalEncoding
    | ClassToken
    | PatchEmbedding
    | TokensToImage
    | MixerBlock
    | MaxPool1d
    | MaxPool2d
    | AvgPool1d
    | AvgPool2d
    | AdaptiveAvgPool
    | BatchNorm1d
    | BatchNorm2d
    | LayerNorm
    | GroupNorm
    | RMSNorm
    | LayerScale
    | Dropout
    | Dropout2d
    | StochasticDepth
    | GaussianNoise
    | ReLU
    | LeakyReLU
    | ELU
    | GELU
    | SiLU
    | Mish
    | Tanh
    | Sigmoid
    | Softplus
    | Flatten
    | GlobalAvgPool
    | GlobalMaxPool
    | SequencePool
    | SelectPosition
    | Pretrained
    | FeatureEmbeddings
    | NumericEmbeddings
    | CategoryEmbeddings
    | TabM
)

_PLUGINS = load_kinds(LAYERS, PluginLayer)

if TYPE_CHECKING:
    Layer = Annotated[_BuiltIn, Field(discriminator="kind")]
else:  # and the layers of other installed packages
    Layer = Annotated[Union[(_BuiltIn, *_PLUGINS)], Field(discriminator="kind")]

Residual.model_rebuild(_types_namespace={"Layer": Layer})

LAYER_GROUPS: dict[str, tuple[type[Spec], ...]] = {
    "Dense and convolution": (
        Linear,
        Conv1d,
        Conv2d,
        DepthwiseConv1d,
        DepthwiseConv2d,
        ConvTranspose1d,
        ConvTranspose2d,
        Upsample,
    ),
    "Blocks": (Residual, Bottleneck1d, Bottleneck2d, SqueezeExcite),
    "Activation": (ReLU, LeakyReLU, ELU, GELU, SiLU, Mish, Tanh, Sigmoid, Softplus),
    "Pooling and shape": (
        MaxPool1d,
        MaxPool2d,
        AvgPool1d,
        AvgPool2d,
        AdaptiveAvgPool,
        GlobalAvgPool,
        GlobalMaxPool,
        SequencePool,
        SelectPosition,
        Flatten,
    ),
    "Text and sequences": (Embedding, LSTM, GRU),
    "Attention and tokens": (
        SelfAttention,
        MultiHeadAttention,
        TransformerBlock,
        PositionalEncoding,
        ClassToken,
        PatchEmbedding,
        TokensToImage,
        MixerBlock,
    ),
    "Tables": (FeatureEmbeddings, NumericEmbeddings, CategoryEmbeddings, TabM),
    "Normalization": (BatchNorm1d, BatchNorm2d, LayerNorm, GroupNorm, RMSNorm, LayerScale),
    "Dropout and noise": (Dropout, Dropout2d, StochasticDepth, GaussianNoise),
    "Pretrained": (Pretrained,),
    **({"Other packages": _PLUGINS} if _PLUGINS else {}),
}
"""The groups of the menu of layers; a test checks that every member of :data:`Layer` is in one."""

__all__ = [
    "ELU",
    "GELU",
    "GRU",
    "LAYER_GROUPS",
    "LSTM",
    "AdaptiveAvgPool",
    "AvgPool1d",
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "Bottleneck1d",
    "Bottleneck2d",
    "CategoryEmbeddings",
    "ClassToken",
    "Conv1d",
    "Conv2d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "DepthwiseConv1d",
    "DepthwiseConv2d",
    "Dropout",
    "Dropout2d",
    "Embedding",
    "FeatureEmbeddings",
    "Flatten",
    "GaussianNoise",
    "GlobalAvgPool",
    "GlobalMaxPool",
    "GroupNorm",
    "Layer",
    "LayerNorm",
    "LayerScale",
    "LeakyReLU",
    "Linear",
    "MaxPool1d",
    "MaxPool2d",
    "Mish",
    "MixerBlock",
    "MultiHeadAttention",
    "NumericEmbeddings",
    "PatchEmbedding",
    "PluginLayer",
    "PositionalEncoding",
    "Pretrained",
    "RMSNorm",
    "ReLU",
    "Residual",
    "SelectPosition",
    "SelfAttention",
    "SequencePool",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "SqueezeExcite",
    "StochasticDepth",
    "TabM",
    "Tanh",
    "TokensToImage",
    "TransformerBlock",
    "Upsample",
]
