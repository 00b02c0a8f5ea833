"""The layers of trunk and task heads; input sizes are not settings, they follow from the data."""

from typing import TYPE_CHECKING, Annotated, Union

from pydantic import Field

from mtl_core.plugins import LAYERS, load_kinds
from mtl_core.spec.base import Spec
from mtl_core.spec.layers.activations import ELU, GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Softplus, Tanh
from mtl_core.spec.layers.dense import Conv1d, Conv2d, Linear
from mtl_core.spec.layers.norms import BatchNorm1d, BatchNorm2d, Dropout, Dropout2d, GaussianNoise, GroupNorm, LayerNorm
from mtl_core.spec.layers.plugin import PluginLayer
from mtl_core.spec.layers.pooling import (
    AvgPool1d,
    AvgPool2d,
    Flatten,
    GlobalAvgPool,
    GlobalMaxPool,
    MaxPool1d,
    MaxPool2d,
)
from mtl_core.spec.layers.pretrained import Pretrained
from mtl_core.spec.layers.sequences import GRU, LSTM, Embedding
from mtl_core.spec.layers.tables import CategoryEmbeddings, FeatureEmbeddings, NumericEmbeddings, TabM

_BuiltIn = (
    Linear
    | Conv1d
    | Conv2d
    | Embedding
    | LSTM
    | GRU
    | MaxPool1d
    | MaxPool2d
    | AvgPool1d
    | AvgPool2d
    | BatchNorm1d
    | BatchNorm2d
    | LayerNorm
    | GroupNorm
    | Dropout
    | Dropout2d
    | GaussianNoise
    | ReLU
    | LeakyReLU
    | ELU
    | GELU
    | SiLU
    | Tanh
    | Sigmoid
    | Softplus
    | Flatten
    | GlobalAvgPool
    | GlobalMaxPool
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

LAYER_GROUPS: dict[str, tuple[type[Spec], ...]] = {
    "Dense and convolution": (Linear, Conv1d, Conv2d),
    "Activation": (ReLU, LeakyReLU, ELU, GELU, SiLU, Tanh, Sigmoid, Softplus),
    "Pooling and shape": (MaxPool1d, MaxPool2d, AvgPool1d, AvgPool2d, GlobalAvgPool, GlobalMaxPool, Flatten),
    "Text and sequences": (Embedding, LSTM, GRU),
    "Tables": (FeatureEmbeddings, NumericEmbeddings, CategoryEmbeddings, TabM),
    "Normalization": (BatchNorm1d, BatchNorm2d, LayerNorm, GroupNorm),
    "Dropout and noise": (Dropout, Dropout2d, GaussianNoise),
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
    "AvgPool1d",
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "CategoryEmbeddings",
    "Conv1d",
    "Conv2d",
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
    "LeakyReLU",
    "Linear",
    "MaxPool1d",
    "MaxPool2d",
    "NumericEmbeddings",
    "PluginLayer",
    "Pretrained",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "TabM",
    "Tanh",
]
