"""Modules of layers that torch lacks, or has only with another order of dimensions."""

from mtl_core.architectures.layers.modules.noise import GaussianNoise
from mtl_core.architectures.layers.modules.pooling import GlobalAvgPool, GlobalMaxPool
from mtl_core.architectures.layers.modules.sequences import Embedding, Recurrent

__all__ = ["Embedding", "GaussianNoise", "GlobalAvgPool", "GlobalMaxPool", "Recurrent"]
